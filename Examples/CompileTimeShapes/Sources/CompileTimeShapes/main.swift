import WengertGraph

// Nothing is traced here: the program and its gradient were made when this file was compiled.
let key = RandomKey(7)
var model = Classifier(
  weight: key.fold(0).normal([64, 32]) * 0.1, bias: .zeros([32]), output: key.fold(1).normal([32, 5]) * 0.1)
let x = key.fold(2).normal([20, 64]), classes = key.fold(3).integers(0..<5, [20])

for step in 0..<30 {
  let (loss, gradient) = Classifier.lossGraph.gradient(model, x, classes).values
  if step % 10 == 0 { print("step \(step): loss \(loss.item())") }
  model.weight -= 0.5 * gradient.weight
  model.bias -= 0.5 * gradient.bias
  model.output -= 0.5 * gradient.output
}
let found = Classifier.logitsGraph.forward(model, x), expected = model.logits(x)
print("difference from the function itself:", abs(found - expected).max().item())

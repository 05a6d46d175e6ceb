import WengertNN

/// A pendulum that is swung up by a motor too weak to lift it: the torque at each moment is found by the gradient through all steps of the simulation.
func simulation(_ run: Run) throws {
  let count = run.count(80, tiny: 20), interval = 0.05, strongest = 5.0  // 9.81 would hold it out level

  /// Angles from hanging and their speeds at all moments, [count, 2]: one step, traced once.
  func motion(_ torques: Tensor) -> Tensor {
    scan([Tensor(0), Tensor(0)], over: torques) { state, torque in
      let speed = state[1] + interval * (strongest * tanh(torque) - 9.81 * sin(state[0]) - 0.1 * state[1])
      let angle = state[0] + interval * speed
      return ([angle, speed], stack([angle, speed]))
    }.outputs
  }
  /// Upright and at rest at the end, with as little effort as will do.
  let slope = compile { (torques: Tensor) in
    valueAndGradient(at: torques) { torques in
      let end = motion(torques)[-1]
      return square(end[0] - Double.pi) + 0.1 * square(end[1]) + 0.001 * square(tanh(torques)).sum()
    }
  }
  var torques = 0.1 * RandomKey(1).normal([count]), optimizer = Adam()
  let iterations = run.count(400, tiny: 10)
  for iteration in 0..<iterations {
    let found = slope(torques)
    optimizer.update(&torques, found.second, learningRate: 0.05)
    if iteration % max(iterations / 5, 1) == 0 || iteration == iterations - 1 {
      print("iteration \(iteration): loss \(found.first.item().text())")
    }
  }
  let path = motion(torques), end = path[-1].doubles
  print("after \((Double(count) * interval).text(1)) s: angle \((end[0] * 180 / Double.pi).text(1))°, speed \(end[1].text(2))/s")

  let seconds = (1...count).map { Double($0) * interval }
  var chart = Chart("Swinging up a pendulum", across: "seconds", up: "")
  chart.line("angle (radians)", seconds, path[0..., 0].doubles)
  chart.line("torque (newton meters)", seconds, (strongest * tanh(torques)).doubles)
  try run.draw(chart.svg)
}

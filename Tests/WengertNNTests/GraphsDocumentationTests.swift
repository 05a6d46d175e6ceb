import Testing
@Suite struct GraphsDocumentationTests { @Test func p() { for (k, v) in GraphsExample.run().sorted(by: {$0.key < $1.key}) { print("=====", k); print(v) } } }

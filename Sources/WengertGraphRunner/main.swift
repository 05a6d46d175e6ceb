import Glibc

// Becomes the tool that its first argument names. The plugin WengertGraphs finds the place of executables by this one: a plugin is told only where its own package's are.
let arguments = Array(CommandLine.arguments.dropFirst())
if let tool = arguments.first {
  execv(tool, arguments.map { strdup($0) } + [nil])
  perror("error: \(tool) cannot be run")
} else {
  print("error: WengertGraphRunner is run by the plugin WengertGraphs")
}
exit(1)

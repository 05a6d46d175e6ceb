import Foundation

// The configurations.
extension ReportPage {
  var settings: Markup {
    let keys = Configuration.keys
    func values(_ key: Configuration.Key) -> [String] { runs.map { key.text($0.configuration) } }
    func row(_ key: Configuration.Key) -> [Markup] {
      let values = values(key)
      let differ = Set(values).count > 1
      let name: Markup = differ ? "<span class=\"differs\" title=\"the runs differ\">\(key.name)</span>" : "\(key.name)"
      let cells = values.map { value -> Markup in
        let text: Markup = "<code>\(value.isEmpty ? "''" : value)</code>"
        return value == key.defaultText ? text : "<span class=\"changed\">\(text)</span>"
      }
      return [name] + cells + ["<code>\(key.defaultText.isEmpty ? "''" : key.defaultText)</code>"]
    }
    let head: [Markup] = ["key"] + runs.indices.map(nameOf) + ["default"]
    let changed = keys.filter { key in values(key).contains { $0 != key.defaultText } }
    let rest = keys.filter { key in values(key).allSatisfy { $0 == key.defaultText } }
    let meaning =
      runs.count > 1 ? "Marked values are not the default; keys with a bar differ between the runs." : "Marked values are not the default."
    let folders = runs.map { run -> Markup in "<li><span class=\"text\">\(run.name)</span>: <code>\(run.folder.relativePath)</code></li>" }
    return section(
      "Configuration",
      [
        "<p>\(meaning)</p>", table(head, changed.map(row), kind: "settings"),
        "<details><summary>\(rest.count) keys at their default</summary>\(table(head, rest.map(row), kind: "settings"))</details>",
        "<h3>Folders</h3>\n<ul class=\"folders\">\(folders)</ul>",
      ])
  }
}

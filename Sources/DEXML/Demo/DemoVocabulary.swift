/// Makes the vocabulary of a small BERT from texts: whole words, and single letters from which any other word can be put together.
public enum DemoVocabulary {
  /// The lines of `vocab.txt`: `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]`, `[MASK]`, then each character alone and as a `##` continuation, then
  /// the words of `texts` from the most frequent on (equals in alphabetical order), at most `size` lines altogether.
  public static func lines(texts: [String], size: Int = 2000) -> [String] {
    var counts: [String: Int] = [:]
    for text in texts {
      for word in text.lowercased().split(whereSeparator: { !($0.isLetter || $0.isNumber) }) { counts[String(word), default: 0] += 1 }
    }
    let characters = "abcdefghijklmnopqrstuvwxyz0123456789".map(String.init)
    let punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~".map(String.init)
    let start = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + punctuation + characters + characters.map { "##" + $0 }
    let taken = Set(start)
    let words = counts.filter { !taken.contains($0.key) }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    return Array((start + words).prefix(max(size, start.count)))
  }
}

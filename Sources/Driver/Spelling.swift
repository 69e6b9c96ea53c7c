/// The candidate that `word` was probably meant to be: at most two letters, or a third of them, differ.
func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
  let limit = word.count < 4 ? 1 : max(2, word.count / 3)
  var best: (distance: Int, candidate: String)?
  for candidate in candidates {
    let distance = editDistance(Array(word.utf8), Array(candidate.utf8), limit: limit)
    if distance <= limit, distance < (best?.distance ?? .max) { best = (distance, candidate) }
  }
  return best?.candidate
}

/// Levenshtein's distance, or `limit + 1` where it is more than `limit`.
private func editDistance(_ a: [UInt8], _ b: [UInt8], limit: Int) -> Int {
  // Names come from hostile modules: the difference in length alone decides most long ones.
  guard abs(a.count - b.count) <= limit else { return limit + 1 }
  var previous = Array(0...b.count)
  for i in a.indices {
    var current = [i + 1]
    for j in b.indices {
      current.append(min(previous[j] + (a[i] == b[j] ? 0 : 1), previous[j + 1] + 1, current[j] + 1))
    }
    previous = current
  }
  return min(previous[b.count], limit + 1)
}

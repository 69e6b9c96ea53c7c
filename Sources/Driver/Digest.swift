import Crypto

/// SHA-256 as lower-case hexadecimal digits.
func sha256(_ bytes: some Sequence<UInt8>) -> String {
  var hash = SHA256()
  if bytes.withContiguousStorageIfAvailable({ hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }) == nil
  {
    hash.update(data: Array(bytes))
  }
  return hash.finalize().hexadecimal
}

extension SHA256Digest {
  var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}

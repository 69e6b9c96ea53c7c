import LLVMBackend

/// What programs counted that were built for it, read from their files. In reports and keys of the cache it is its digest.
public struct ProfileInput: Sendable {
  public let sha256: String
  let profile: Profile?

  /// Adds up what the files have.
  public init(contentsOf paths: [String]) throws(Problem) {
    var digests: [String] = []
    var profile: Profile?
    for path in paths {
      let bytes = try OutputFile.read(path)
      digests.append(Driver.sha256(bytes))
      let next: Profile
      do throws(ProfileError) { next = try Profile(bytes) } catch {
        throw Problem(
          "\(path) is not a profile: \(error)",
          help: "a program that is built with --profile-generate writes one when it runs")
      }
      if profile == nil { profile = next } else { profile?.merge(next) }
    }
    sha256 = digests.count == 1 ? digests[0] : Driver.sha256(Array(digests.joined(separator: " ").utf8))
    self.profile = profile
  }
}

extension ProfileInput: Hashable {
  public static func == (a: Self, b: Self) -> Bool { a.sha256 == b.sha256 }
  public func hash(into hasher: inout Hasher) { hasher.combine(sha256) }
}

extension ProfileInput: Codable {
  /// Of a report. Nothing can be built by it.
  public init(from decoder: any Decoder) throws {
    sha256 = try decoder.singleValueContainer().decode(String.self)
    profile = nil
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(sha256)
  }
}

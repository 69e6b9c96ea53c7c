internal import Subprocess
internal import SystemPackage

extension LinkerTool {
  /// Stores the objects beside the output, runs the linker with the arguments that are made of their paths and the
  /// output's, and puts what it made in place at once.
  func link(
    _ objects: [LinkObject], to output: FilePath, arguments: ([FilePath], FilePath) -> [String]
  ) async throws(LinkError) {
    var temporary: TemporaryDirectory
    do {
      temporary = try TemporaryDirectory(in: output.removingLastComponent(), prefix: ".wasmaot-")
    } catch { throw .cannotWrite(output, reason: error.description) }

    var objectFiles: [FilePath] = []
    for object in objects {
      let file = temporary.file(object.name)
      do { try writeFile(file, object.bytes) } catch { throw .cannotWrite(file, reason: error.description) }
      objectFiles.append(file)
    }
    let linked = temporary.file("app")
    try await run(arguments(objectFiles, linked))
    do { try moveFile(from: linked, to: output) } catch {
      throw .cannotWrite(output, reason: error.description)
    }
  }

  private func run(_ arguments: [String]) async throws(LinkError) {
    do {
      let result = try await Subprocess.run(
        .path(path), arguments: Arguments(arguments), output: .discarded,
        error: .string(limit: 1 << 20))
      guard result.terminationStatus.isSuccess else {
        throw LinkError.linkerFailed(
          path, status: result.terminationStatus.description,
          output: result.standardError.trimmingTrailingNewlines())
      }
    } catch let error as LinkError { throw error } catch {
      throw .linkerDidNotStart(path, reason: "\(error)")
    }
  }
}

extension String {
  fileprivate func trimmingTrailingNewlines() -> String {
    String(self[..<(lastIndex { !$0.isNewline }.map { index(after: $0) } ?? startIndex)])
  }
}

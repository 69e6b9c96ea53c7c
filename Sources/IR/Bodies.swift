public import Support

/// The bodies of a module's functions, which wait packed: of a large module, bodies as they are worked on would be most of the
/// memory that a build takes. Who reads one unpacks it, who sets one packs it.
public struct Bodies: Sendable {
  private var packed = PrimaryMap<FunctionID, PackedFunction?>()

  public init() {}

  /// Of the functions from 0 on; nil for those that have none.
  public init(_ bodies: [PackedFunction?]) { packed = PrimaryMap(bodies) }

  public var ids: EntityRange<FunctionID> { packed.ids }
  public var count: Int { packed.count }
  public var isEmpty: Bool { packed.isEmpty }

  public func contains(_ id: FunctionID) -> Bool { packed.contains(id) }

  /// The functions that have a body, ascending.
  public var defined: [FunctionID] { packed.ids.filter { packed[$0] != nil } }

  public func isDefined(_ id: FunctionID) -> Bool { packed[id] != nil }

  public subscript(id: FunctionID) -> Function? {
    get { packed[id]?.unpacked() }
    set { packed[id] = newValue.map { PackedFunction($0) } }
  }

  public mutating func append(_ body: Function?) { packed.append(body.map { PackedFunction($0) }) }

  /// Takes all of them out.
  public mutating func takePacked() -> [PackedFunction?] {
    defer { packed = PrimaryMap() }
    return packed.values
  }

  /// What `read` says of each body, on `jobs` threads; nil where there is none.
  public func map<R: Sendable>(jobs: Int, _ read: @Sendable (FunctionID, Function) -> R) -> [R?] {
    parallelMap(count: packed.count, jobs: jobs) { index in
      let id = FunctionID(index)
      return packed[id].map { read(id, $0.unpacked()) }
    }
  }

  /// Bodies that threads change, each its own.
  private struct Shared: @unchecked Sendable {
    let base: UnsafeMutableBufferPointer<PackedFunction?>
  }

  /// Lets `change` have each body (of the functions that are wanted), on `jobs` threads. Gives what it says; nil where there
  /// is none.
  public mutating func changeEach<R: Sendable>(
    jobs: Int, where isWanted: @Sendable (FunctionID) -> Bool = { _ in true },
    _ change: @Sendable (FunctionID, inout Function) -> R
  ) -> [R?] {
    var bodies = takePacked()
    defer { packed = PrimaryMap(bodies) }
    return bodies.withUnsafeMutableBufferPointer { buffer in
      let shared = Shared(base: buffer)
      return parallelMap(count: buffer.count, jobs: jobs) { index in
        let id = FunctionID(index)
        guard isWanted(id), var body = shared.base[index]?.unpacked() else { return nil }
        let result = change(id, &body)
        shared.base[index] = PackedFunction(body)
        return result
      }
    }
  }
}

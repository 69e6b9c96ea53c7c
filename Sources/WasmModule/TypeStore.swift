public import Support

/// The types of a module's type section.
public struct TypeStore: Sendable {
  public private(set) var types = PrimaryMap<TypeIdx, SubType>()

  public init() {}

  /// The function type at `index`, which validation has shown to be one.
  public func functionType(_ index: TypeIdx) -> FuncType {
    guard case .function(let type) = types[index].composite else {
      preconditionFailure("type \(index.rawValue) is not a function type")
    }
    return type
  }
}

public import Support

// Custom sections of the tool conventions (WebAssembly/tool-conventions: ProducersSection.md, Linking.md).

/// The producers section: which languages and tools made the module.
public struct ProducersSection: Sendable {
  public struct Field: Hashable, Sendable {
    /// `language`, `processed-by` or `sdk`.
    public var name: ByteString
    public var values: [Value]
  }
  public struct Value: Hashable, Sendable {
    public var name: ByteString
    public var version: ByteString
  }

  public private(set) var fields: [Field] = []
  public private(set) var warnings: [CustomSectionWarning] = []

  public static let sectionName: ByteString = "producers"

  /// Reads the first producers section of a module; what is malformed is left out, with a warning.
  public init(_ module: Module) {
    guard let section = module.customSections.first(where: { $0.name == Self.sectionName }) else { return }
    var cursor = ByteCursor(module.bytes.buffer, range: section.contents)
    do throws(WasmError) {
      let count = try cursor.count("fields", limit: Int(UInt32.max), minimumSize: 2)
      for _ in 0..<count {
        let name = try cursor.name()
        var values: [Value] = []
        let valueCount = try cursor.count("values", limit: Int(UInt32.max), minimumSize: 2)
        for _ in 0..<valueCount {
          let name = try cursor.name()
          values.append(Value(name: name, version: try cursor.name()))
        }
        fields.append(Field(name: name, values: values))
      }
    } catch {
      warnings.append(
        CustomSectionWarning(section: Self.sectionName, message: error.message, offset: error.offset))
    }
  }
}

/// The target features section: which proposals the producer was told to use.
public struct TargetFeaturesSection: Sendable {
  public struct Entry: Hashable, Sendable {
    public enum Policy: UInt8, Sendable {
      case used = 0x2B
      case disallowed = 0x2D
      case required = 0x3D
    }
    public var policy: Policy
    /// LLVM's name, such as `bulk-memory`.
    public var name: ByteString
  }

  public private(set) var entries: [Entry] = []
  public private(set) var warnings: [CustomSectionWarning] = []

  public static let sectionName: ByteString = "target_features"

  /// Reads the first target features section of a module; what is malformed is left out, with a warning.
  public init(_ module: Module) {
    guard let section = module.customSections.first(where: { $0.name == Self.sectionName }) else { return }
    var cursor = ByteCursor(module.bytes.buffer, range: section.contents)
    do throws(WasmError) {
      let count = try cursor.count("features", limit: Int(UInt32.max), minimumSize: 2)
      for _ in 0..<count {
        let offset = cursor.position
        guard let policy = Entry.Policy(rawValue: try cursor.byte()) else {
          throw .malformed("malformed policy prefix", at: offset)
        }
        entries.append(Entry(policy: policy, name: try cursor.name()))
      }
    } catch {
      warnings.append(
        CustomSectionWarning(section: Self.sectionName, message: error.message, offset: error.offset))
    }
  }
}

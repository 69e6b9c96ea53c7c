internal import CLLVM
import IR

/// How generated code finds what belongs to an instance, and calls what is outside of its unit.
///
/// Everything in which the instance models differ is behind this: the operators' lowering asks it and never
/// which model it is. What a function asks for in its body, it asks `in` its lowering: that has the builder, and
/// the context if functions take one.
protocol InstanceModel {
  /// In front of all symbols that units share.
  var symbolPrefix: String { get }

  // MARK: Functions

  /// Of what references and table entries lead to.
  var referenceConvention: UInt32 { get }
  /// Of a function that the module defines.
  func convention(of function: FunctionID) -> UInt32
  /// The parameter in front of those of the signature that holds the instance; nil if the model needs none.
  var contextParameter: LLVMTypeRef? { get }
  /// What a call of this function calls. For a tail call it has wasm's own convention.
  func callee(_ function: FunctionID, isTail: Bool, in lowering: FunctionLowering) -> WasmCallee
  /// What an indirect call through an entry calls.
  func callee(entry: FunctionEntry, _ signature: SignatureID, in lowering: FunctionLowering) -> WasmCallee

  // MARK: References and tables of functions

  /// The value of a reference to a function.
  func reference(_ function: FunctionID, in lowering: FunctionLowering) -> LLVMValueRef
  /// What a reference points to.
  var referenceLayout: EntryLayout { get }
  /// Entries of a table of functions.
  func entryLayout(of table: TableID) -> EntryLayout
  /// What the type in an entry of this layout is compared with.
  func typeNumber(
    _ signature: SignatureID, _ layout: EntryLayout, in lowering: FunctionLowering
  ) -> LLVMValueRef
  /// The reference that stands for an entry; null for an empty one.
  func reference(ofEntry entry: FunctionEntry, in lowering: FunctionLowering) -> LLVMValueRef
  /// Puts a reference, which may be null, into an entry.
  func store(_ reference: LLVMValueRef, toEntry entry: FunctionEntry, in lowering: FunctionLowering)
  /// Entries of a table that nothing changes.
  func readOnlyTable(_ table: TableID) -> LLVMValueRef

  // MARK: State

  /// The address of a memory's byte 0.
  func memoryBase(_ memory: MemoryID, in lowering: FunctionLowering) -> LLVMValueRef
  /// Bytes of a memory that never grows; nil if it may, or others can grow it.
  func constantSize(of memory: MemoryID) -> UInt64?
  /// `struct wasmaot_memory *`
  func memory(_ memory: MemoryID, in lowering: FunctionLowering) -> LLVMValueRef
  /// `struct wasmaot_table *`, of a table that can change.
  func table(_ table: TableID, in lowering: FunctionLowering) -> LLVMValueRef
  /// The address of a global that is no constant.
  func global(_ global: GlobalID, in lowering: FunctionLowering) -> LLVMValueRef
  /// `struct wasmaot_data_segment *`
  func dataSegment(_ segment: DataID, in lowering: FunctionLowering) -> LLVMValueRef
  /// `struct wasmaot_element_segment *`
  func elementSegment(_ segment: ElementID, in lowering: FunctionLowering) -> LLVMValueRef

  /// The address of the count of fuel: 64 bits, signed.
  func fuel(in lowering: FunctionLowering) -> LLVMValueRef
  /// Whether the runtime looks for the handler of what is thrown in the unwind tables. Otherwise functions return, and
  /// who called them tests whether an exception is pending.
  var exceptionsUnwind: Bool { get }
  /// Whether a function that never returns has no `ret`: one that tests must follow has, for its exceptions.
  var mayBeNoReturn: Bool { get }
  /// The address of the pending exception's: `struct wasmaot_exception **`
  func exceptionSlot(in lowering: FunctionLowering) -> LLVMValueRef
  /// The address that is a tag's identity.
  func tag(_ tag: TagID, in lowering: FunctionLowering) -> LLVMValueRef

  // MARK: The runtime

  func callRuntime(
    _ function: RuntimeFunction, _ arguments: [LLVMValueRef], in lowering: FunctionLowering
  ) -> LLVMValueRef

  /// memory.fill and memory.copy, of ranges that were checked and are in these memories; `count` is 64 bits wide, the byte 8.
  func fill(
    _ memory: MemoryID, _ address: LLVMValueRef, _ byte: LLVMValueRef, _ count: LLVMValueRef,
    in lowering: FunctionLowering)
  func move(
    _ memories: (to: MemoryID, from: MemoryID), _ destination: LLVMValueRef, _ source: LLVMValueRef,
    _ count: LLVMValueRef, in lowering: FunctionLowering)

  // MARK: The module

  /// The lowest address that the stack may reach, where functions check that themselves; nil where a guard page
  /// does it.
  func stackLimit(in lowering: FunctionLowering) -> LLVMValueRef?

  /// Comes before everything else in a unit.
  func beginUnit()
  /// Defines what others than this module's code enter functions through. Of the unit that has their bodies.
  func defineEntries(of functions: [FunctionID])
  /// Adds, after optimisation, what that must neither move nor remove.
  func finishUnit()
  /// Defines what is not in a function's body: adaptors, and the data that the runtime reads. Unit 0's.
  func defineModule()
}

/// What a call needs to know of its callee.
struct WasmCallee {
  var code: LLVMValueRef
  var type: LLVMTypeRef
  var convention: UInt32
  /// The first argument, where functions take a context.
  var context: LLVMValueRef?
}

/// Structures with the code of a function: field numbers.
struct EntryLayout {
  /// Of an entry, or, with columns, of all of them.
  var type: LLVMTypeRef
  var code: UInt32
  var typeNumber: UInt32
  /// Of tables that nothing changes: an array for each field, whose elements an instruction can address by their number.
  var hasColumns = false
}

/// What a reference or an entry of a table leads to.
struct FunctionEntry {
  /// Of the entry, or of all columns.
  var address: LLVMValueRef
  var layout: EntryLayout
  /// With columns, which of their elements it is.
  var index: LLVMValueRef?
}

/// What generated code calls in the runtime (runtime-c/abi says what each does).
enum RuntimeFunction: String {
  /// Does not return.
  case trap
  case memoryGrow = "memory_grow"
  case memoryInit = "memory_init"
  case atomicWait32 = "atomic_wait32"
  case atomicWait64 = "atomic_wait64"
  case atomicNotify = "atomic_notify"
  case tableGrow = "table_grow"
  case tableFill = "table_fill"
  case tableCopy = "table_copy"
  case tableInit = "table_init"
  case exceptionNew = "exception_new"
  case exceptionRelease = "exception_release"

  /// Result and parameters, without what a model adds in front.
  func type(_ types: UnitTypes) -> (result: LLVMTypeRef, parameters: [LLVMTypeRef]) {
    let (ptr, i64) = (types.ptr, types.i64)
    return switch self {
    case .trap: (types.void, [types.i32])
    case .memoryGrow: (i64, [ptr, i64])
    case .memoryInit: (types.void, [ptr, ptr, i64, i64, i64])
    case .atomicWait32: (types.i32, [ptr, i64, types.i32, i64])
    case .atomicWait64: (types.i32, [ptr, i64, i64, i64])
    case .atomicNotify: (types.i32, [ptr, i64, types.i32])
    case .tableGrow: (i64, [ptr, ptr, i64])
    case .tableFill: (types.void, [ptr, i64, ptr, i64])
    case .tableCopy, .tableInit: (types.void, [ptr, ptr, i64, i64, i64])
    case .exceptionNew: (ptr, [ptr, types.i32])
    case .exceptionRelease: (types.void, [ptr])
    }
  }
}

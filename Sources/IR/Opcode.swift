/// How an instruction's three operand words (`a`, `b`, `c`) are used.
public enum Format: UInt8, Sendable {
  /// No operands.
  case nullary
  /// c: an unsigned number
  case immediate
  /// a: value
  case unary
  /// a, b: values
  case binary
  /// a, b, c: values
  case ternary
  /// b: low 32 bits, c: high 32 bits of an integer or of a float's bit pattern
  case constant
  /// a: `VectorConstant`
  case vectorConstant
  /// a: value, c: immediate (lane index)
  case unaryImmediate
  /// a, b: values, c: immediate (lane index), or a `VectorConstant` for shuffle
  case binaryImmediate
  /// a: address, c: `MemArgID`
  case load
  /// a: address, b: value, c: `MemArgID`
  case store
  /// a: address, b: v128, c: `MemArgID` (which also has the lane)
  case loadLane
  /// a: list of three values (address first), c: `MemArgID`
  case listMemory
  /// c: entity index (global, function, memory, table, data or element segment)
  case entity
  /// a: value, c: entity index
  case unaryEntity
  /// a, b: values, c: entity index
  case binaryEntity
  /// a: list of values, b and c: entity indices
  case listEntities
  /// a: list of arguments, b: `FunctionID`
  case call
  /// a: list of values, b: `TagID`
  case taggedList
  /// a: value, b: number of a field, c: `TagID`
  case tagField
  /// a: list (callee index or reference first, then arguments), b: `SignatureID`, c: `TableID`
  case callIndirect
  /// c: `BlockCall`
  case jump
  /// a: condition, b: `BlockCall` taken if non-zero, c: `BlockCall` otherwise
  case branch
  /// a: index, c: `JumpTable` (its last entry is the default)
  case branchTable
  /// a: list of values
  case list
  /// c: `TrapCode`
  case trap
  /// a: condition, c: `TrapCode`
  case conditionalTrap
}

/// What an optimiser must know about an operator.
public struct Effects: OptionSet, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }
  /// May trap: can't be deleted even if its result is unused.
  public static let traps = Effects(rawValue: 1)
  /// Reads state that others write.
  public static let reads = Effects(rawValue: 2)
  /// Writes state, or calls something that does.
  public static let writes = Effects(rawValue: 4)
  /// Ends a block.
  public static let terminator = Effects(rawValue: 8)
}

/// The operators. Types are not in the name: `Inst` carries a `Shape`, printed behind a dot (`iadd.i32`).
///
/// Semantics are WebAssembly's: integer arithmetic wraps, shifts take their count modulo the width,
/// `fmin`/`fmax` propagate NaN, `sdiv` traps. Comparisons give an i32 0 or 1 (scalars) or a lane mask.
public enum Opcode: UInt16, Sendable, CaseIterable {
  // Constants and plain values
  case iconst, fconst, vconst
  case refNull, refFunc, refIsNull
  /// c ? a : b, with c an i32.
  case select
  case copy
  /// A use of the value that no optimiser sees through: whatever traps on the way to it happens.
  case keep
  /// The same value, of which an optimiser knows nothing.
  case opaque

  // Integer arithmetic, scalar or per lane
  case iadd, isub, imul, ineg, iabs
  case sdiv, udiv, srem, urem
  case band, bor, bxor, bnot, bandnot
  case ishl, sshr, ushr, rotl, rotr
  case clz, ctz, popcnt
  case ieqz
  case ieq, ine, islt, iult, isgt, iugt, isle, iule, isge, iuge
  case smin, umin, smax, umax
  case saddSat, uaddSat, ssubSat, usubSat, avgrU
  /// The upper half of the product of twice the width.
  case smulHigh, umulHigh

  // Float arithmetic, scalar or per lane
  case fadd, fsub, fmul, fdiv, fmin, fmax, fpmin, fpmax, fcopysign
  case fabs, fneg, fceil, ffloor, ftrunc, fnearest, fsqrt
  case feq, fne, flt, fgt, fle, fge
  /// a * b + c and -(a * b) + c, of relaxed SIMD: rounded once where the target multiplies and adds in one,
  /// else twice.
  case fmulAdd, fnegMulAdd

  // Conversions. The shape is the result's; `b`'s use is said where there is a source shape.
  /// i64 to i32.
  case wrap
  /// i32 to i64.
  case sextend, uextend
  /// Sign extension of the low 8, 16 or 32 bits in place.
  case extend8S, extend16S, extend32S
  /// Float to integer with trap. Shape is the result's; the operand's type says which float.
  case truncS, truncU
  case truncSatS, truncSatU
  /// Integer to float.
  case convertS, convertU
  case demote, promote
  case reinterpret

  // Vectors
  case splat
  /// c: lane. `S` and `U` for i8x16 and i16x8; `extractLane` for the others.
  case extractLane, extractLaneS, extractLaneU
  /// a: vector, b: scalar, c: lane
  case replaceLane
  /// a, b: vectors, c: `VectorConstant` with 16 lane numbers
  case shuffle
  case swizzle
  /// Of relaxed SIMD: an index of 16 to 127 names the lane of its low four bits.
  case relaxedSwizzle
  /// (a & c) | (b & ~c)
  case bitselect
  case anyTrue, allTrue, bitmask
  /// Shape is the result's.
  case narrowS, narrowU
  case extendLowS, extendLowU, extendHighS, extendHighU
  case extaddPairwiseS, extaddPairwiseU
  case extmulLowS, extmulLowU, extmulHighS, extmulHighU
  /// i32x4.dot_i16x8_s
  case dotS
  case q15mulrSatS
  /// i32x4.trunc_sat_f64x2_{s,u}_zero
  case truncSatZeroS, truncSatZeroU
  /// f64x2.convert_low_i32x4_{s,u}
  case convertLowS, convertLowU
  case demoteZero, promoteLow
  /// Of relaxed SIMD: NaN and what i32 has no room for become the least i32.
  case relaxedTruncS, relaxedTruncZeroS
  /// i16x8.relaxed_dot_i8x16_i7x16_s: a's lanes are signed, b's unsigned; the sums saturate.
  case relaxedDot

  // Memory. The shape is the result's or the stored value's type.
  case load, load8S, load8U, load16S, load16U, load32S, load32U
  case store, store8, store16, store32
  /// v128.load8x8_s and so on: shape is the result's (i16x8, i32x4, i64x2).
  case loadExtendS, loadExtendU
  /// v128.load{8,16,32,64}_splat: shape is the result's.
  case loadSplat
  /// v128.load{32,64}_zero: shape i32x4 or i64x2.
  case loadZero
  /// v128.load*_lane and store*_lane: shape tells the lane's size.
  case loadLane, storeLane
  /// Entity: memory. Result and operand are in pages, of the memory's address type.
  case memorySize, memoryGrow
  /// List: dest, value, count. Entities: memory, none.
  case memoryFill
  /// List: dest, source, count. Entities: destination memory, source memory.
  case memoryCopy
  /// List: dest, source, count. Entities: memory, data segment.
  case memoryInit
  case dataDrop

  // Atomic accesses, sequentially consistent: as wide as the alignment of the `MemArg` says, which is at most
  // the shape's width; narrower values are zero-extended. An address that is not aligned traps.
  case atomicLoad, atomicStore
  /// Result: the value before.
  case atomicAdd, atomicSub, atomicAnd, atomicOr, atomicXor, atomicExchange
  /// List: address, expected, replacement. Result: the value before.
  case atomicCompareExchange
  /// b: how many to wake at the most. Result: the number of those that were waiting.
  case atomicNotify
  /// List: address, expected (its type is the shape), timeout in nanoseconds or negative.
  case atomicWait
  case atomicFence

  // Tables
  case tableGet, tableSet, tableSize
  /// a: initial value, b: delta, c: table
  case tableGrow
  /// List: start, value, count. Entities: table, none.
  case tableFill
  /// List: dest, source, count. Entities: destination table, source table.
  case tableCopy
  /// List: dest, source, count. Entities: table, element segment.
  case tableInit
  case elementDrop

  // Globals
  case globalGet, globalSet

  // Exceptions. An exception that is on its way out of a function is pending; at most one is.
  /// A new exception with a payload, known to nobody.
  case exceptionNew
  /// 1 if an exception has this tag. It is not null.
  case exceptionIs
  /// A field of the payload of an exception that has this tag.
  case exceptionField
  /// 1 if the call right before ended in an exception; its results then mean nothing.
  case exceptionPending
  /// The pending exception, or null.
  case exceptionPeek
  /// Makes an exception the pending one, null: none.
  case exceptionSet
  /// The program holds a reference to this exception: only the collector may free it.
  case exceptionKeep
  /// Nobody holds a reference to this exception but those that `exceptionKeep` was told of.
  case exceptionRelease
  /// Terminator: returns to the caller with an exception pending, without results.
  case unwind

  // Fuel: a count that the program, or the store of an instance, has one of.
  /// Takes a number off the count, which may fall below zero.
  case fuelCharge
  /// Traps if the count is below zero.
  case fuelCheck

  // Calls. Results are the signature's.
  case call, callIndirect
  /// Terminators.
  case returnCall, returnCallIndirect

  // Control
  case jump
  case brif
  case brTable
  case `return`
  /// Unconditional trap.
  case trap
  /// Trap if the condition is non-zero.
  case trapnz
}

/// The traps that the core specification names. Raw values are the `ubsantrap` kinds; they equal
/// `WASMAOT_TRAP_*` in runtime-c/abi/wasmaot_abi.h.
public enum TrapCode: UInt32, Sendable, CaseIterable {
  case unreachable = 1
  case memoryOutOfBounds = 2
  case tableOutOfBounds = 3
  case undefinedElement = 4
  case uninitializedElement = 5
  case indirectCallTypeMismatch = 6
  case integerDivideByZero = 7
  case integerOverflow = 8
  case invalidConversionToInteger = 9
  case stackOverflow = 10
  case nullReference = 11
  case unalignedAtomic = 12
  /// `--stub-imports=trap`: an import that nothing provides was called.
  case unresolvedImport = 13
  /// `memory.atomic.wait` on a memory that is not shared.
  case expectedSharedMemory = 14
  case outOfFuel = 15
  /// The time is up. Comes from a timer, no instruction has it.
  case interrupted = 16

  /// The specification's words (and the field's, for those it does not test).
  public var message: String {
    switch self {
    case .unreachable: "unreachable"
    case .memoryOutOfBounds: "out of bounds memory access"
    case .tableOutOfBounds: "out of bounds table access"
    case .undefinedElement: "undefined element"
    case .uninitializedElement: "uninitialized element"
    case .indirectCallTypeMismatch: "indirect call type mismatch"
    case .integerDivideByZero: "integer divide by zero"
    case .integerOverflow: "integer overflow"
    case .invalidConversionToInteger: "invalid conversion to integer"
    case .stackOverflow: "call stack exhausted"
    case .nullReference: "null reference"
    case .unalignedAtomic: "unaligned atomic"
    case .unresolvedImport: "unresolved import called"
    case .expectedSharedMemory: "expected shared memory"
    case .outOfFuel: "all fuel consumed by WebAssembly"
    case .interrupted: "interrupt"
    }
  }
}

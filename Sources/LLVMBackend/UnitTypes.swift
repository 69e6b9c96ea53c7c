internal import CLLVM
import IR

/// The LLVM types of one context. Structures follow runtime-c/abi/wasmaot_abi.h.
struct UnitTypes {
  let void, i1, i8, i16, i32, i64, f32, f64, ptr: LLVMTypeRef
  /// Every v128 between instructions; operators cast it to their lanes' type, which costs nothing.
  let v128: LLVMTypeRef
  let i8x16, i16x8, i32x4, i64x2, f32x4, f64x2: LLVMTypeRef

  /// struct wasmaot_func
  let descriptor: LLVMTypeRef
  /// struct wasmaot_memory
  let memory: LLVMTypeRef
  /// struct wasmaot_table
  let table: LLVMTypeRef
  /// struct wasmaot_image
  let image: LLVMTypeRef
  /// struct wasmaot_data_segment and wasmaot_element_segment
  let segment: LLVMTypeRef
  /// struct wasmaot_value
  let value: LLVMTypeRef
  /// struct wasmaot_export
  let export: LLVMTypeRef
  /// struct wasmaot_funcmap_entry
  let funcmapEntry: LLVMTypeRef
  /// struct wasmaot_static_tag
  let tag: LLVMTypeRef
  /// struct wasmaot_exception, without its payload
  let exception: LLVMTypeRef
  /// struct wasmaot_func_ref
  let reference: LLVMTypeRef
  /// struct wasmaot_module
  let module: LLVMTypeRef

  init(_ context: LLVMContextRef) {
    void = LLVMVoidTypeInContext(context)
    i1 = LLVMInt1TypeInContext(context)
    i8 = LLVMInt8TypeInContext(context)
    i16 = LLVMInt16TypeInContext(context)
    let i32: LLVMTypeRef = LLVMInt32TypeInContext(context)
    let i64: LLVMTypeRef = LLVMInt64TypeInContext(context)
    f32 = LLVMFloatTypeInContext(context)
    f64 = LLVMDoubleTypeInContext(context)
    let ptr: LLVMTypeRef = LLVMPointerTypeInContext(context, 0)
    (self.i32, self.i64, self.ptr) = (i32, i64, ptr)
    i8x16 = LLVMVectorType(i8, 16)
    i16x8 = LLVMVectorType(i16, 8)
    i32x4 = LLVMVectorType(i32, 4)
    i64x2 = LLVMVectorType(i64, 2)
    f32x4 = LLVMVectorType(f32, 4)
    f64x2 = LLVMVectorType(f64, 2)
    v128 = i64x2

    func structure(_ name: String, _ fields: [LLVMTypeRef]) -> LLVMTypeRef {
      var fields = fields.map(Optional.some)
      let type = LLVMStructCreateNamed(context, name)!
      LLVMStructSetBody(type, &fields, UInt32(fields.count), 0)
      return type
    }
    descriptor = structure("wasmaot_func", [ptr, i32, i32])
    memory = structure("wasmaot_memory", [ptr, i64, i64, i64, i32, i32])
    table = structure("wasmaot_table", [ptr, i64, i64, i64, i32, i32])
    image = structure("wasmaot_image", [ptr, i64, i64, i32, i32])
    segment = structure("wasmaot_segment", [ptr, i64])
    value = structure("wasmaot_value", [i64, i64])
    export = structure("wasmaot_export", [ptr, i64, ptr, ptr, ptr])
    funcmapEntry = structure("wasmaot_funcmap_entry", [i32, i32])
    tag = structure("wasmaot_static_tag", [ptr, i32, i32])
    exception = structure("wasmaot_exception", [ptr, i32, i32])
    reference = structure("wasmaot_func_ref", [ptr, ptr, i32, i32, ptr])
    module = structure(
      "wasmaot_module",
      Array(repeating: i32, count: 10) + Array(repeating: ptr, count: 8))
  }

  subscript(type: Type) -> LLVMTypeRef {
    switch type {
    case .i32: i32
    case .i64: i64
    case .f32: f32
    case .f64: f64
    case .v128: v128
    case .funcref, .externref, .exnref: ptr
    }
  }

  subscript(shape: Shape) -> LLVMTypeRef {
    switch shape {
    case .none: void
    case .i32: i32
    case .i64: i64
    case .f32: f32
    case .f64: f64
    case .v128: v128
    case .i8x16: i8x16
    case .i16x8: i16x8
    case .i32x4: i32x4
    case .i64x2: i64x2
    case .f32x4: f32x4
    case .f64x2: f64x2
    case .funcref, .externref, .exnref: ptr
    }
  }

  /// The type of one lane inside of the vector; of the value itself for a scalar.
  func lane(_ shape: Shape) -> LLVMTypeRef {
    switch shape {
    case .i8x16: i8
    case .i16x8: i16
    case .i32x4: i32
    case .i64x2, .v128: i64
    case .f32x4: f32
    case .f64x2: f64
    default: self[shape]
    }
  }
}

extension Shape {
  var laneBits: Int {
    switch self {
    case .i8x16: 8
    case .i16x8: 16
    case .i32, .f32, .i32x4, .f32x4: 32
    default: 64
    }
  }
}

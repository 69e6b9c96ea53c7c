internal import CLLVM
import CRuntimeABI
import IR

/// A page-aligned piece of a memory's initial contents.
struct ImagePiece: Equatable {
  /// Multiple of the page size.
  var offset: UInt64
  /// A whole number of pages.
  var bytes: [UInt8]

  static let pageSize: UInt64 = 4096
  /// A gap of more zero bytes than this separates two pieces: one more descriptor and one more mremap cost
  /// less than the file's pages.
  static let largestGap: UInt64 = 16 * pageSize

  /// Joins chunks (ascending, disjoint) into pieces.
  static func coalesce(_ chunks: [ImageChunk]) -> [ImagePiece] {
    var pieces: [ImagePiece] = []
    for chunk in chunks where !chunk.bytes.isEmpty {
      let start = chunk.offset / pageSize * pageSize
      if let last = pieces.last, last.reaches(start) {
        pieces[pieces.count - 1].append(chunk)
      } else {
        pieces.append(ImagePiece(offset: start, bytes: []))
        pieces[pieces.count - 1].append(chunk)
      }
    }
    return pieces
  }

  /// Whether what starts there, behind this, is near enough. The piece may end where the address space does.
  private func reaches(_ start: UInt64) -> Bool {
    start - offset <= UInt64(bytes.count) + Self.largestGap
  }

  private mutating func append(_ chunk: ImageChunk) {
    let position = Int(chunk.offset - offset)
    let end = position + chunk.bytes.count
    let rounded = (end + Int(Self.pageSize) - 1) / Int(Self.pageSize) * Int(Self.pageSize)
    bytes.append(contentsOf: repeatElement(0, count: max(0, rounded - bytes.count)))
    bytes.replaceSubrange(position..<end, with: chunk.bytes)
  }
}

extension ModuleUnit {
  /// The array of `struct wasmaot_image` and its count.
  func images(isConstant: Bool) -> (array: LLVMValueRef, count: Int) {
    var images: [LLVMValueRef] = []
    for id in module.memories.ids {
      for piece in ImagePiece.coalesce(module.memories[id].image) {
        // What a program copies lies with its other constants, not in pages of its own between its variables.
        let isCopied = !isConstant && piece.bytes.count <= WASMAOT_IMAGE_COPIED
        let contents = base.addGlobal(
          "", base.bytes(piece.bytes), isConstant: isConstant || isCopied, linkage: LLVMPrivateLinkage,
          alignment: isCopied ? 16 : UInt32(ImagePiece.pageSize),
          section: isCopied ? nil : WASMAOT_IMAGE_SECTION)
        images.append(
          base.structure(
            types.image,
            [
              contents, base.int64(piece.offset), base.int64(piece.bytes.count), base.int32(id.rawValue),
              base.int32(0),
            ]))
      }
    }
    return (constantArray(types.image, images), images.count)
  }

  /// A private constant array; null if it is empty.
  func constantArray(_ element: LLVMTypeRef, _ values: [LLVMValueRef]) -> LLVMValueRef {
    guard !values.isEmpty else { return base.null }
    return base.addGlobal("", base.array(element, values), isConstant: true, linkage: LLVMPrivateLinkage)
  }
}

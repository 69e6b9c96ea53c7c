import IR
import Support
import Testing

/// A module with one function of `params -> results` for the builder to fill, and some entities to name.
func testModule(_ params: [Type] = [], _ results: [Type] = []) -> (module: Module, signature: SignatureID) {
  var module = Module()
  let signature = module.signatures.append(Signature(params: params, results: results))
  module.functions.append(FunctionDecl(signature: signature, name: "f", definition: .body))
  module.bodies.append(nil)
  return (module, signature)
}

/// Builds function 0 of a module and checks that it verifies.
func build(
  _ params: [Type] = [], _ results: [Type] = [], sourceLocation: SourceLocation = #_sourceLocation,
  _ body: (inout FunctionBuilder) -> Void
) -> (module: Module, function: Function) {
  var (module, signature) = testModule(params, results)
  var builder = FunctionBuilder(signature: signature, in: module)
  body(&builder)
  let function = builder.finalize()
  module.bodies[FunctionID(0)] = function
  #expect(verify(module) == [], sourceLocation: sourceLocation)
  return (module, function)
}

/// Text equal but for white space at the ends of lines and of the whole.
func expectText(_ actual: String, _ expected: String, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(trimmed(actual) == trimmed(expected), sourceLocation: sourceLocation)
}

private func trimmed(_ text: String) -> [String] {
  text.split(separator: "\n").map { line in
    var line = line
    while line.last == " " { line.removeLast() }
    while line.first == " " { line.removeFirst() }
    return String(line)
  }.filter { !$0.isEmpty }
}

internal import Support

/// Validates all function bodies of a module that `decode` returned, on `jobs` threads.
///
/// - Returns: the features that the bodies use.
/// - Throws: the error with the lowest offset, whatever `jobs` is.
@discardableResult
public func validateFunctions(
  of module: Module, features: Features = .supported, jobs: Int = 1
) throws(WasmError) -> Features {
  try validateFunctions(in: ValidationContext(module: module, features: features), jobs: jobs)
}

func validateFunctions(in context: ValidationContext, jobs: Int) throws(WasmError) -> Features {
  let module = context.module
  let batches = batches(of: module)
  let used = try parallelMap(count: batches.count, jobs: jobs) { index throws(WasmError) in
    var validator = FunctionValidator(context: context)
    for function in batches[index] {
      try validator.validate(FuncIdx(function), body: module.functions[FuncIdx(function)].body)
    }
    return validator.featuresUsed
  }
  return used.reduce(into: []) { $0.formUnion($1) }
}

/// Defined functions in runs of about 64 KiB of code: enough to pay for a thread's turn, few enough to
/// balance. Bodies stand in the order of their indices, so the lowest batch that fails has the lowest offset.
private func batches(of module: Module) -> [Range<Int>] {
  var batches: [Range<Int>] = []
  var start = module.importedFunctionCount
  var bytes = 0
  for index in start..<module.functions.count {
    bytes += module.functions[FuncIdx(index)].body.count
    if bytes >= 1 << 16 {
      batches.append(start..<index + 1)
      start = index + 1
      bytes = 0
    }
  }
  if start < module.functions.count { batches.append(start..<module.functions.count) }
  return batches
}

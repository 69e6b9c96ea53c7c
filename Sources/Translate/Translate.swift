public import IR
public import WasmModule

/// Translates a validated module into the IR: constant expressions are evaluated, active segments become initial
/// data, as far as they do not depend on imports, and every function body becomes SSA form. In the `static`
/// instance model all imports are resolved.
///
/// Bodies are translated in parallel; the result does not depend on `options.jobs`.
public func translate(
  _ module: WasmModule.Module, options: TranslationOptions
) throws(TranslationError) -> IR.Module {
  var translator = try ModuleTranslator(module, options: options)
  try translator.translateState()
  try translator.translateBodies()
  return translator.result
}

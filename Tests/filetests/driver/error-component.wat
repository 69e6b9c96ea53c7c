;;! fails 1
;;! stderr is a component
;;! stderr wasm32-wasip1
(component)

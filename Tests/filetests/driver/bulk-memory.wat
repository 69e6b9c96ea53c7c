;;! build --invoke get
;;! stdout 16909060
;;! stdout 1431655765
;;! stdout 67305985
(module
  (memory 1)
  (data $d "\04\03\02\01")
  (func (export "get") (result i32 i32 i32)
    (memory.init $d (i32.const 8) (i32.const 0) (i32.const 4))
    (data.drop $d)
    (memory.fill (i32.const 100) (i32.const 0x55) (i32.const 64))
    (i32.store (i32.const 200) (i32.const 0x04030201))
    (memory.copy (i32.const 202) (i32.const 200) (i32.const 4))
    (memory.copy (i32.const 300) (i32.const 202) (i32.const 4))
    (i32.load (i32.const 8))
    (i32.load (i32.const 130))
    (i32.load (i32.const 300))))

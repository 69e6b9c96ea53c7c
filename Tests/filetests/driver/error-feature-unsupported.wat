;;! fails 1
;;! stderr gc
;;! stderr does not support gc yet
(module (type $s (struct (field i32))) (func (export "_start") (drop (struct.new_default $s))))

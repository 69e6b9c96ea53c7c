import IR

func optimize(_ m: inout IR.Module) {}

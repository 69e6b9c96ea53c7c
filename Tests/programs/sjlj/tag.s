# The tag of longjmp's exceptions. LLVM 19 defines it in every object; later versions leave it to the C library.
	.tagtype	__c_longjmp i32
	.globl	__c_longjmp
__c_longjmp:

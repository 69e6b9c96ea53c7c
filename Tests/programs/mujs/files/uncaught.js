print("before");
undefined.property;
print("never");

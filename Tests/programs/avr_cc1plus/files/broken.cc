template <class T> T f(T x) { return x.nosuch(); }
int main() { return f(1) + g(2; }

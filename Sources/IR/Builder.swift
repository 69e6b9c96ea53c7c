public import Support

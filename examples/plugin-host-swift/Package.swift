// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "PluginHost",
  targets: [
    // wasmaot.h, from the folder that the build names with -Xcc -I.
    .target(name: "CWasmaot"),
    .executableTarget(name: "PluginHost", dependencies: ["CWasmaot"]),
  ]
)

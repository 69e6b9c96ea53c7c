import ArgumentParser

@main struct Wasmaot: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "wasmaot")
}

import Testing

@testable import BenchReport

@Suite struct StatisticsTests {
  @Test func measurementOfSamples() {
    let odd = Measurement(samples: [3, 1, 2])
    #expect((odd.median, odd.min, odd.max) == (2, 1, 3))
    #expect(odd.runs == 3)
    #expect(odd.samples == [3, 1, 2])
    #expect(Measurement(samples: [4, 1, 2, 3]).median == 2.5)
    let one = Measurement(samples: [7])
    #expect((one.median, one.min, one.max) == (7, 7, 7))
  }

  @Test func quartiles() {
    let measurement = Measurement(samples: [5, 1, 3, 2, 4])
    #expect(measurement.quartiles == (2, 4))
    // Without samples only the ends are known.
    #expect(Measurement(6).quartiles == (6, 6))
  }

  @Test func geometricMeans() throws {
    #expect(geometricMean([Double]()) == nil)
    #expect(geometricMean([1, 0]) == nil)
    #expect(geometricMean([2, .infinity]) == nil)
    #expect(abs(try #require(geometricMean([1, 4])) - 2) < 1e-12)
  }

  @Test func meansSayOverHowManyRows() throws {
    let section = Samples.matrix
    let means = section.geometricMeans()
    #expect(means.map(\.column) == ["native", "fast", "slow"])
    let (native, fast, slow) = (means[0], means[1], means[2])
    #expect(native.ratio == 1)
    #expect(abs(fast.ratio - 1) < 1e-12)  // 0.5 and 2
    #expect(fast.isComplete)
    #expect(!slow.isComplete)
    #expect((slow.rows, slow.ofRows) == (1, 2))
    #expect(abs(slow.ratio - 10) < 1e-12)
  }

  @Test func noMeanThatIsNotAskedFor() {
    var section = Samples.matrix
    section.geomeanOf = nil
    #expect(section.geometricMeans().isEmpty)
    section = Samples.matrix
    section.baseline = nil
    #expect(section.geometricMeans().isEmpty)
  }

  @Test func nothingToDivideBy() {
    let row = Section.Row(
      name: "r",
      values: [
        "zero": Measurement(0), "one": Measurement(1), "tiny": Measurement(1e-300),
        "huge": Measurement(1e300),
      ])
    #expect(row.ratio(of: "one", to: "zero") == nil)
    #expect(row.ratio(of: "zero", to: "one") == nil)
    #expect(row.ratio(of: "one", to: "absent") == nil)
    #expect(row.ratio(of: "huge", to: "tiny") == nil)
    #expect(row.ratio(of: "one", to: "one") == 1)
  }

  @Test(arguments: [
    (0.0, "0 s"), (1.0, "1.00 s"), (0.9996, "1.00 s"), (0.25, "250 ms"), (0.0123, "12.3 ms"),
    (2.46e-4, "246 µs"),
    (1.5e-9, "1.50 ns"), (123.4, "123 s"), (-0.5, "-500 ms"),
  ])
  func times(seconds: Double, text: String) { #expect(Unit("s").text(seconds) == text) }

  @Test(arguments: [
    (0.0, "0 bytes"), (512, "512 bytes"), (1000, "1.00 kB"), (35_400, "35.4 kB"), (1_234_567, "1.23 MB"),
    (2.5e9, "2.50 GB"),
  ])
  func sizes(bytes: Double, text: String) { #expect(Unit("bytes").text(bytes) == text) }

  @Test func otherUnits() {
    #expect(Unit("MB/s").text(340) == "340 MB/s")
    #expect(Unit("ratio").text(1.5) == "1.50")
    // No number is too large to be shown.
    #expect(Unit("s").text(1e300) == "1e+300 s")
  }

  @Test(arguments: [
    (0.5, "0.50"), (1.0, "1.00"), (9.99, "9.99"), (9.996, "10.0"), (45.22, "45.2"), (123.4, "123"),
    (0.09552, "0.096"), (0.001234, "0.0012"),
  ])
  func ratios(ratio: Double, text: String) { #expect(ratioText(ratio) == text) }
}

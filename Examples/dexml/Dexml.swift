import ArgumentParser

@main
struct Dexml: ParsableCommand {}

@_exported import Wengert
@_exported import WengertCases

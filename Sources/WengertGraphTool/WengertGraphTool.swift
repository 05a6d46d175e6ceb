@_exported import Wengert

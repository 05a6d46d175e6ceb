@_exported import WengertCore

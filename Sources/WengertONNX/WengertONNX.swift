@_exported import WengertNN

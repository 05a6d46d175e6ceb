#if !DEXML
  #error("DEXML is built with the package trait DEXML: swift build -c release --traits DEXML, or make demo and make test")
#endif

import Wengert
import WengertNN

print(Tensor(1) + 1)

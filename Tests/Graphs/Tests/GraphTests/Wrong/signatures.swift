import WengertGraph

@Graph("x: [B, D], w: [D, H] -> [B, Q]")
func unknown(_ x: Tensor, _ w: Tensor) -> Tensor { x.matmul(w) }

@Graph("x: [B, D] -> [B, H]")
func missing(_ x: Tensor, _ w: Tensor) -> Tensor { x.matmul(w) }

@Graph("x: [B, D -> [B]")
func unclosed(_ x: Tensor) -> Tensor { x.sum(axis: 1) }

@Graph("x: [B, D], y: [B] -> [B]")
func extra(_ x: Tensor, rate: Double) -> Tensor { x.sum(axis: 1) * rate }

@Graph("x: [B, D] -> int64 [B]", wrt: ["x"])
func indices(_ x: Tensor) -> Tensor { x.argMax(axis: 1) }

@Graph("x: [B, D] -> [B, D]", wrt: ["y"])
func nobody(_ x: Tensor) -> Tensor { x }

@Graph("x: […, D] -> […]")
func leading(_ x: Tensor) -> Tensor { x.sum(axis: 0) }

# make demo    train, evaluate and try a small dual encoder on made-up data (two minutes)
# make test    build everything and run all tests
# make mpi     build the trainer for several workers (mpirun -n 4 .build/release/dexml train ...); Open MPI is installed if it is missing
# make test-mpi  test that build
# make lint    check the formatting
# make expressions  check how long the compiler searches for the types of everyday expressions, after make test; counted in steps, not in time
# make bench   time the operations here and in PyTorch and JAX (WENGERT_PEERS: their Python or its venv); ARGS="--only product,softmax"
PACKAGES = libopenblas-dev liblapacke-dev zlib1g-dev pkg-config

.PHONY: demo test mpi test-mpi lint expressions bench packages

demo: packages
	swift run -c release dexml demo

test: packages
	swift test -c release

mpi test-mpi: PACKAGES += libopenmpi-dev openmpi-bin

mpi: packages
	swift build -c release --traits MPI

test-mpi: packages
	swift test -c release --traits MPI --filter Workers

lint:
	swift format lint --strict --recursive .

# Steps that the compiler's search for types may take in one expression; it gives up at a million.
SCOPES = 20000
BUILT = .build/release

expressions: packages
	swiftc -typecheck -wmo -parse-as-library -swift-version 6 -module-name EverydayExpressions -I $(BUILT)/Modules \
	  $(foreach map,$(BUILT)/CKernels.build/module.modulemap $(wildcard Sources/C*/module.modulemap),-Xcc -fmodule-map-file=$(map)) \
	  $(addprefix -Xcc ,$(shell pkg-config --cflags-only-I openblas lapacke)) \
	  -Xfrontend -solver-scope-threshold=$(SCOPES) Tests/WengertTests/EverydayExpressions/*.swift

bench: packages
	swift build -c release --package-path Benchmarks
	Benchmarks/.build/release/wengert-bench $(ARGS)
	$(if $(ARGS),,Benchmarks/.build/release/wengert-bench encoders && Benchmarks/.build/release/wengert-bench calls)

# What Debian and Ubuntu call the system libraries; nothing is done where they are there.
packages:
	@command -v dpkg-query >/dev/null || { \
	  echo "Not a Debian or Ubuntu system: OpenBLAS, LAPACKE, zlib and pkg-config must be installed by hand."; exit 0; }; \
	missing=""; \
	for package in $(PACKAGES); do \
	  dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'install ok installed' || missing="$$missing $$package"; \
	done; \
	[ -z "$$missing" ] && exit 0; \
	echo "Installing system packages:$$missing"; \
	sudo=""; [ "$$(id -u)" = 0 ] || sudo="sudo"; \
	$$sudo apt-get update -q && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q $$missing

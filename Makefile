# make demo    train, evaluate and try a small dual encoder on made-up data (a minute, after the build)
# make test    build everything and run all tests
# make example NAME=digits  run one of Examples/Programs; ARGS="my.npz" gives it a file, ARGS=--tiny a moment's work
# make dependencies  check that a package that uses WengertNN resolves no other package than this; a part of make test
# make nvrtc   get NVIDIA's compiler by pip, with which make test compiles the CUDA kernels; a part of make test
# make test-standin  test the CPU that stands in for a CUDA device in make test
# make test-cuda  check and time the CUDA backend on a GPU; without one, make the folder that does so on another machine
# make finished  build and run a package whose programs are finished while it is built, beside the same functions compiled and eager
# make test-graphs  test the macro @Graph, in debug: the first time swift-syntax is built, some minutes
# make test-onnx  write models and every row of the case list in the ONNX format, and run them in onnxruntime (WENGERT_PEERS: a Python, or its venv, that has it)
# make onnx-format  write the Swift of Sources/WengertONNX/Format/onnx.proto anew; needs protoc and protoc-gen-swift of swift-protobuf
# make test-python  call finished programs from NumPy and PyTorch through Python/wengert (WENGERT_PEERS: a Python, or its venv, that has both)
# make operations  write the table of operations that @Graph reads anew, after make test and after adding an operation
# make mpi     build the trainer for several workers (mpirun -n 4 .build/release/dexml train ...); Open MPI is installed if it is missing
# make test-mpi  test that build
# make documentation  make the DocC pages of all modules, after make test; a warning, or a public declaration without a comment, is an error
# make lint    check the formatting
# make fuzz    give every reader of outside bytes RUNS inputs (a million): DRIVERS="npy zip"; see Documentation/Sanitizers.md
# make sanitize  kernels, threads and memory under sanitizers: sanitize-kernels, sanitize-threads and sanitize-addresses are its parts
# make expressions  check how long the compiler searches for the types of everyday expressions, after make test; counted in steps, not in time
# make derivatives  register the operations anew with Swift's own differentiation, after make test
# make bench   time the operations, encoders, calls and search here and beside PyTorch, JAX and faiss (WENGERT_PEERS: their Python or its venv), and embedding where
#              WENGERT_BENCH_MODEL and WENGERT_BENCH_TEXTS name a model's folder and a file of texts; ARGS="--only product,softmax --level avx2", ARGS=--help
#              to record: ARGS="--json Benchmarks/recorded.json --markdown rows.md --svg rows.svg"; to compare with it: ARGS="--gate Benchmarks/recorded.json --allowance 1.3",
#              which names the rows that fell and fails
PACKAGES = libopenblas-dev liblapacke-dev zlib1g-dev pkg-config

.PHONY: demo test example test-onnx onnx-format test-python test-graphs operations dependencies nvrtc test-standin test-cuda finished mpi test-mpi documentation lint expressions fuzz sanitize sanitize-kernels sanitize-threads sanitize-addresses derivatives bench packages

# The same flags for whatever is built for the demo and the tests, so that neither command throws away what the other has built. Tests look inside modules, which
# is what -enable-testing is for; as a flag of `swift test` itself it would stand elsewhere in the compiler's arguments, and everything would be built again.
BUILD = -c release --traits DEXML -Xswiftc -enable-testing

# Where modules are after make test.
BUILT = .build/release

demo: packages
	swift run $(BUILD) dexml demo

example: packages
	swift run $(BUILD) examples $(NAME) $(ARGS)

test: packages dependencies nvrtc
	swift test $(BUILD) --disable-testable-imports

# What the scratch package resolves is one line for each package; nothing is compiled, and as long as all is well nothing is fetched.
dependencies:
	@resolved=$$(swift package --package-path Tests/Dependencies show-dependencies --format flatlist) && [ "$$(echo "$$resolved" | wc -l)" = 1 ] || { \
	  echo "A package that uses WengertNN must resolve this package alone; it resolves:" $$resolved; exit 1; }

nvrtc:
	@sh Tests/NVRTC/install.sh

# The C++ compiler is the one that comes with Swift.
test-standin:
	STANDIN_CLANG=$${STANDIN_CLANG:-$$(dirname "$$(readlink -f "$$(command -v swift)")")/clang++} sh Tests/StandIn/test.sh

finished: packages
	swift run -c release --package-path Examples/FinishedModels FinishedModels

mpi test-mpi: PACKAGES += libopenmpi-dev openmpi-bin

mpi: packages
	swift build -c release --traits MPI

test-mpi: packages
	swift test -c release --traits MPI --filter Workers

# A package of its own, which asks for the trait Macros: nobody else builds swift-syntax. What a macro has put into a file stays there until the file changes.
test-graphs: packages
	find Tests/Graphs -name .build -prune -o -name '*.swift' -exec touch {} +
	swift test --package-path Tests/Graphs

# The Python of the peers: WENGERT_PEERS may be it or the folder of its venv.
PEER = $(or $(wildcard $(WENGERT_PEERS)/bin/python),$(WENGERT_PEERS),python3)

# Apart from other builds, which know nothing of ONNX. ARGS: a folder with MiniLM as Hugging Face has it.
test-onnx: packages
	swift build -c release --traits DEXML,ONNX --scratch-path .build-onnx --product onnx-check
	rm -rf .build-onnx/files
	.build-onnx/release/onnx-check .build-onnx/files $(ARGS)
	$(PEER) Tests/ONNX/check.py .build-onnx/files .build-onnx/report.tsv

FORMAT = Sources/WengertONNX/Format

# The trait is the compiler's condition; the formatter leaves what is generated alone.
onnx-format:
	protoc --proto_path=$(FORMAT) --swift_out=$(FORMAT) --swift_opt=Visibility=Internal $(FORMAT)/onnx.proto
	(printf '// swift-format-ignore-file\n#if ONNX\n'; cat $(FORMAT)/onnx.pb.swift; echo '#endif') > $(FORMAT)/onnx.pb && mv $(FORMAT)/onnx.pb $(FORMAT)/onnx.pb.swift

test-python: packages
	swift build $(BUILD) --product wengert-c
	swift build $(BUILD) --product python-programs
	.build/release/python-programs .build/programs
	WENGERT_LIBRARY=$(CURDIR)/.build/release/libwengert-c.so WENGERT_PROGRAMS=$(CURDIR)/.build/programs PYTHONPATH=Python \
	  $(PEER) -m unittest discover -s Python/tests

# The operations, their labels, types and default values are those of the core's symbol graph.
operations: $(BUILT)/symbols/WengertCore.symbols.json
	python3 Sources/WengertGraphMacros/Operations/generate.py $<

# The core's public declarations, of the last make test.
$(BUILT)/symbols/WengertCore.symbols.json: $(BUILT)/Modules/WengertCore.swiftmodule
	@mkdir -p $(@D)
	swift symbolgraph-extract -module-name WengertCore -I $(BUILT)/Modules -target $(shell uname -m)-unknown-linux-gnu \
	  -minimum-access-level public -output-dir $(@D)

# The folder `site` can be served as it is. WengertONNX is there after make test-onnx.
documentation:
	python3 Scripts/documentation.py $(BUILT) .build/documentation

lint:
	swift format lint --strict --recursive .

RUNS = 1000000
DRIVERS = safetensors shards gguf npy npz zip torch matrix filter tokenizer vocabulary config model settings checkpoint events http einsum program literal
FUZZ = Tests/Fuzz/.build-fuzz

# What a driver finds lies in FUZZ/found; inputs that reach new code are kept in FUZZ/corpus for the next time.
fuzz: packages
	cd Tests/Fuzz && swift build -c release --sanitize=fuzzer -Xswiftc -enable-testing --scratch-path .build-fuzz
	@mkdir -p $(FUZZ)/found; \
	for driver in $(DRIVERS); do \
	  binary=Fuzz; [ $$driver != http ] || binary=FuzzService; \
	  mkdir -p $(FUZZ)/corpus/$$driver; \
	  echo "== $$driver"; \
	  FUZZ_DRIVER=$$driver SWIFT_BACKTRACE=enable=no $(FUZZ)/release/$$binary -runs=$(RUNS) -max_len=4096 -timeout=10 -rss_limit_mb=2048 -verbosity=0 \
	    -print_final_stats=1 -artifact_prefix=$(FUZZ)/found/$$driver- $(FUZZ)/corpus/$$driver Tests/Fuzz/Corpus/$$driver || exit 1; \
	done

sanitize: sanitize-kernels sanitize-threads sanitize-addresses

# clang must be the toolchain's, or another that has the sanitizers' libraries.
CLANG = clang

sanitize-kernels:
	@mkdir -p .build-kernels
	$(CLANG) -std=gnu11 -O1 -g -w -fsanitize=undefined,address -fno-sanitize-recover=all -ISources/CKernels/include \
	  Sources/CKernels/*.c Sources/CKernels/*/*.c Tests/Sanitize/*.c -lm -ldl -o .build-kernels/kernels 2>.build-kernels/log || { cat .build-kernels/log; exit 1; }
	.build-kernels/kernels

# The suites in which several threads are at work.
THREADED = CompiledThreadsTests|KernelThreadTests|LargeProductTests|PreparedTests|EpilogueTests|CPULinearAlgebraTests|AutodiffTests|CompileTests|InliningTests|Pool|TokenizerFileTests|TokenizerTests|WorkersTests|StreamedLossTests|GradientCacheTests|SearchTests|TrainingSupportTests|DEXMLServerTests|FinishedProgramTests

# First the instrument itself: no race behind the lock, one beside it.
sanitize-threads: packages
	@mkdir -p .build-threads
	swiftc -O -sanitize=thread -D WENGERT_THREAD_SANITIZER -swift-version 6 -package-name wengert Sources/WengertCore/Locked.swift \
	  Tests/Sanitize/Race/main.swift -o .build-threads/race
	.build-threads/race behind
	! SWIFT_BACKTRACE=enable=no .build-threads/race beside 2>.build-threads/race.log && grep -q 'access race' .build-threads/race.log
	WENGERT_THREAD_SANITIZER=1 TSAN_OPTIONS="suppressions=$(CURDIR)/Tests/Sanitize/threads.supp" SWIFT_BACKTRACE=enable=no WENGERT_NUM_THREADS=4 \
	  swift test -c release --traits DEXML --sanitize=thread --scratch-path .build-threads --filter '$(THREADED)'

sanitize-addresses: packages
	ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS="suppressions=$(CURDIR)/Tests/Sanitize/leaks.supp:print_suppressions=0" SWIFT_BACKTRACE=enable=no \
	  swift test -c release --traits DEXML --sanitize=address --scratch-path .build-addresses

# Steps that the compiler's search for types may take in one expression; it gives up at a million.
SCOPES = 20000

expressions: packages
	swiftc -typecheck -wmo -parse-as-library -swift-version 6 -module-name EverydayExpressions -I $(BUILT)/Modules \
	  $(foreach map,$(BUILT)/CKernels.build/module.modulemap $(wildcard Sources/C*/module.modulemap),-Xcc -fmodule-map-file=$(map)) \
	  $(addprefix -Xcc ,$(shell pkg-config --cflags-only-I openblas lapacke)) \
	  -Xfrontend -solver-scope-threshold=$(SCOPES) Tests/WengertTests/EverydayExpressions/*.swift

# The operations, their labels and types are those of the core's symbol graph.
derivatives:
	@mkdir -p $(BUILT)/symbols
	swift symbolgraph-extract -module-name WengertCore -I $(BUILT)/Modules -target $(shell uname -m)-unknown-linux-gnu \
	  -minimum-access-level public -output-dir $(BUILT)/symbols
	python3 Sources/WengertDifferentiable/Generated/generate.py $(BUILT)/symbols/WengertCore.symbols.json

# What the tests have built is not built again: the same flags, in the same place.
BENCH = $(CURDIR)/.build/release/wengert-bench

bench: packages
	swift build -c release -Xswiftc -enable-testing --package-path Benchmarks --scratch-path $(CURDIR)/.build
	$(BENCH) $(ARGS)
	$(if $(ARGS),,$(BENCH) encoders && $(BENCH) calls && $(BENCH) search)
	$(if $(ARGS)$(if $(WENGERT_BENCH_MODEL),,none)$(if $(WENGERT_BENCH_TEXTS),,none),,\
	  $(BENCH) embed --model $(WENGERT_BENCH_MODEL) --file $(WENGERT_BENCH_TEXTS))

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

# What needs a GPU, as a folder that runs on a machine without Swift: there, .build-cuda/check/run. Here it is run too if this machine has one.
test-cuda: packages
	sh Tests/CUDACheck/package.sh .build-cuda/check
	@if [ -n "$$(ls -d /dev/nvidia[0-9]* /dev/dxg 2>/dev/null)" ]; then .build-cuda/check/run; else echo "This machine has no GPU: run .build-cuda/check/run on one that has."; fi

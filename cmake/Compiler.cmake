# Warnings, sanitizers, ccache, linker: one place for all targets.
# A room calls tlaunch_room(name sources...) and gets the library tlaunch_<name>, alias tlaunch::<name>.

# -O2: the time is spent in LibTorch's own kernels; -O3 only makes building slower.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # pch_defines and time_macros: what ccache needs to cache files that use a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

find_program(MOLD mold)
if(MOLD AND NOT TLAUNCH_SANITIZE)
  add_link_options(-fuse-ld=mold)
endif()

add_library(tlaunch_options INTERFACE)
target_compile_features(tlaunch_options INTERFACE cxx_std_20)
target_include_directories(tlaunch_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(tlaunch_options INTERFACE -Wall -Wextra -Wpedantic -fpch-preprocess)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of g++ 12 on std::string's operator+ and copies (GCC bugs 105651 and 105329).
  target_compile_options(tlaunch_options INTERFACE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow
                                                   -Wno-stringop-overread)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(tlaunch_options INTERFACE -Wno-unused-command-line-argument)
endif()
if(TLAUNCH_WERROR)
  target_compile_options(tlaunch_options INTERFACE -Werror)
endif()
if(TLAUNCH_FUZZ)
  set(TLAUNCH_SANITIZE address)
  add_compile_options(-fsanitize=fuzzer-no-link)  # the rooms' branches are what the fuzzer follows
endif()
if(TLAUNCH_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1 -DNDEBUG")  # builds in half the time of -O2 -g; reports still name lines
endif()
if(TLAUNCH_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)  # front() of nothing, operator[] beyond the end
  add_link_options(-fsanitize=address,undefined)
elseif(TLAUNCH_SANITIZE)
  add_compile_options(-fsanitize=${TLAUNCH_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TLAUNCH_SANITIZE})
endif()

function(tlaunch_library name)
  add_library(tlaunch_${name} STATIC ${ARGN})
  add_library(tlaunch::${name} ALIAS tlaunch_${name})
  target_link_libraries(tlaunch_${name} PUBLIC tlaunch_options)
endfunction()

function(tlaunch_room name)
  tlaunch_library(${name} ${ARGN})
  tlaunch_without_libtorch(tlaunch_${name} room)
endfunction()

# The same for a room that includes LibTorch.
function(tlaunch_torch_room name)
  tlaunch_library(${name} ${ARGN})
  target_link_libraries(tlaunch_${name} PUBLIC tlaunch::torch)
  target_precompile_headers(tlaunch_${name} REUSE_FROM tlaunch_torch_pch)
endfunction()

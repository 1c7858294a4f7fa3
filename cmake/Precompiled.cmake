# How what includes no LibTorch is compiled. Nothing there is hot but checksums, and most of the time goes into compiling
# it: so it is optimised little, the tests not at all, and rooms and tests have a precompiled header each. Together half
# of the CPU time (g++ 12). The fuzz preset builds without, so a file that forgot an include is noticed there.
set(tlaunch_room_flags $<$<CONFIG:Release>:-O1>)
set(tlaunch_test_flags $<$<CONFIG:Release>:-O0>)
set(tlaunch_room_headers <nlohmann/json.hpp> <filesystem> <functional> <sstream>)
set(tlaunch_test_headers <gmock/gmock.h> <gtest/gtest.h> <nlohmann/json.hpp> <filesystem> <functional>)

# The object library that holds the header of a kind: room or test.
function(tlaunch_precompile kind)
  if(TLAUNCH_FUZZ)
    return()
  endif()
  add_library(tlaunch_${kind}_pch OBJECT ${PROJECT_SOURCE_DIR}/cmake/pch.cpp)
  target_link_libraries(tlaunch_${kind}_pch PRIVATE tlaunch_options nlohmann_json::nlohmann_json ${ARGN})
  target_compile_options(tlaunch_${kind}_pch PRIVATE ${tlaunch_${kind}_flags})
  target_precompile_headers(tlaunch_${kind}_pch PRIVATE ${tlaunch_${kind}_headers})
endfunction()

function(tlaunch_without_libtorch target kind)
  if(TLAUNCH_FUZZ)
    return()
  endif()
  target_compile_options(${target} PRIVATE ${tlaunch_${kind}_flags})
  target_precompile_headers(${target} REUSE_FROM tlaunch_${kind}_pch)
endfunction()

tlaunch_precompile(room)

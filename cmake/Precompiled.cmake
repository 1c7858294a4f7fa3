# Precompiled headers of what includes no LibTorch: one for the rooms, one for the tests. They save some 2 of 5 CPU-s a
# file (g++ 12). The fuzz preset builds without them, so a file that forgot an include is noticed there.
if(NOT TLAUNCH_FUZZ)
  add_library(tlaunch_pch OBJECT cmake/pch.cpp)
  target_link_libraries(tlaunch_pch PRIVATE tlaunch_options nlohmann_json::nlohmann_json)
  target_precompile_headers(tlaunch_pch PRIVATE <nlohmann/json.hpp> <filesystem> <functional> <sstream>)
endif()

# Gives a target that includes no LibTorch the precompiled header of the rooms, or with TESTS of the tests.
function(tlaunch_precompiled target)
  if(TLAUNCH_FUZZ)
    return()
  endif()
  set(headers tlaunch_pch)
  if("TESTS" IN_LIST ARGN)
    set(headers tlaunch_test_pch)
  endif()
  target_precompile_headers(${target} REUSE_FROM ${headers})
endfunction()

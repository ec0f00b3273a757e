# syncguard_room(NAME HEADERS … SOURCES … LINKS …): one room of the house as a library whose
# headers are checked to stand alone (target all_verify_interface_header_sets).
function(syncguard_room name)
  cmake_parse_arguments(ROOM "" "BASE" "HEADERS;SOURCES;LINKS" ${ARGN})
  if(NOT ROOM_BASE)
    set(ROOM_BASE ${PROJECT_SOURCE_DIR}/webhook)
  endif()
  if(ROOM_SOURCES)
    add_library(room_${name} STATIC ${ROOM_SOURCES})
    target_sources(room_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${ROOM_BASE}
      FILES ${ROOM_HEADERS})
    target_link_libraries(room_${name} PUBLIC ${ROOM_LINKS} syncguard_flags)
    set_target_properties(room_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  else()
    add_library(room_${name} INTERFACE)
    target_include_directories(room_${name} INTERFACE ${ROOM_BASE})
    target_link_libraries(room_${name} INTERFACE ${ROOM_LINKS} syncguard_flags)
  endif()
endfunction()

# rpixen_embed(TARGET NAME FILE): compiles a file's bytes into TARGET as
#   extern const unsigned char rpixen_embedded_<NAME>[]; extern const unsigned long rpixen_embedded_<NAME>_size;
# through the assembler's .incbin, so that a text source of overlays/ or uboot-env/ stays the only copy.
enable_language(ASM)
function(rpixen_embed target name file)
  get_filename_component(file "${file}" ABSOLUTE)
  set(source "${CMAKE_CURRENT_BINARY_DIR}/embedded_${name}.S")
  file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT [[
    .section .rodata
    .global rpixen_embedded_@name@
    .global rpixen_embedded_@name@_size
    .hidden rpixen_embedded_@name@
    .hidden rpixen_embedded_@name@_size
    .balign 8
rpixen_embedded_@name@:
    .incbin "@file@"
1:
    .byte 0
    .balign 8
rpixen_embedded_@name@_size:
    .quad 1b - rpixen_embedded_@name@
    .section .note.GNU-stack,"",%progbits
]])
  set_source_files_properties("${source}" PROPERTIES OBJECT_DEPENDS "${file}")
  target_sources(${target} PRIVATE "${source}")
endfunction()

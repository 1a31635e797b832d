// Prints the page of a made release, for the browser that tests it. Usage: print_page plain|hostile
#include <iostream>
#include <string_view>

#include "release/made_release.hpp"
#include "release/page.hpp"

int main(int count, char** words) {
    const bool hostile = count > 1 && std::string_view(words[1]) == "hostile";
    std::cout << rpixen::release_page(hostile ? rpixen::test::hostile_release() : rpixen::test::made_release());
}

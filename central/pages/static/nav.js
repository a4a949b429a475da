// On a narrow screen the pages do not all fit into their row: the one that is open is brought into it.
document.querySelector(".top nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

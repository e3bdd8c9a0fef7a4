console.log(require("lint")("x"));

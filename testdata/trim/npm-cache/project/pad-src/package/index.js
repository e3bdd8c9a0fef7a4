const fs = require("fs");
module.exports = s => s.padStart(5, ".");
module.exports.size = () => fs.statSync(__dirname + "/table.bin").size;

console.log(require("pad")("app"));

"""Tables of the program."""
def f0(x):
    return {"a0": x + 0, "b": [x, 0, "xyzxyzxyz"]}


def f1(x):
    return {"a1": x + 1, "b": [x, 1, "xyzxyzxyz"]}


def f2(x):
    return {"a2": x + 2, "b": [x, 2, "xyzxyzxyz"]}


def f3(x):
    return {"a3": x + 3, "b": [x, 3, "xyzxyzxyz"]}


def f4(x):
    return {"a4": x + 4, "b": [x, 4, "xyzxyzxyz"]}


def f5(x):
    return {"a5": x + 5, "b": [x, 5, "xyzxyzxyz"]}


def f6(x):
    return {"a6": x + 6, "b": [x, 6, "xyzxyzxyz"]}


def f7(x):
    return {"a7": x + 7, "b": [x, 7, "xyzxyzxyz"]}


def f8(x):
    return {"a8": x + 8, "b": [x, 8, "xyzxyzxyz"]}


def f9(x):
    return {"a9": x + 9, "b": [x, 9, "xyzxyzxyz"]}


def f10(x):
    return {"a10": x + 10, "b": [x, 10, "xyzxyzxyz"]}


def f11(x):
    return {"a11": x + 11, "b": [x, 11, "xyzxyzxyz"]}


def f12(x):
    return {"a12": x + 12, "b": [x, 12, "xyzxyzxyz"]}


def f13(x):
    return {"a13": x + 13, "b": [x, 13, "xyzxyzxyz"]}


def f14(x):
    return {"a14": x + 14, "b": [x, 14, "xyzxyzxyz"]}


def f15(x):
    return {"a15": x + 15, "b": [x, 15, "xyzxyzxyz"]}


def f16(x):
    return {"a16": x + 16, "b": [x, 16, "xyzxyzxyz"]}


def f17(x):
    return {"a17": x + 17, "b": [x, 17, "xyzxyzxyz"]}


def f18(x):
    return {"a18": x + 18, "b": [x, 18, "xyzxyzxyz"]}


def f19(x):
    return {"a19": x + 19, "b": [x, 19, "xyzxyzxyz"]}


def f20(x):
    return {"a20": x + 20, "b": [x, 20, "xyzxyzxyz"]}


def f21(x):
    return {"a21": x + 21, "b": [x, 21, "xyzxyzxyz"]}


def f22(x):
    return {"a22": x + 22, "b": [x, 22, "xyzxyzxyz"]}


def f23(x):
    return {"a23": x + 23, "b": [x, 23, "xyzxyzxyz"]}


def f24(x):
    return {"a24": x + 24, "b": [x, 24, "xyzxyzxyz"]}


def f25(x):
    return {"a25": x + 25, "b": [x, 25, "xyzxyzxyz"]}


def f26(x):
    return {"a26": x + 26, "b": [x, 26, "xyzxyzxyz"]}


def f27(x):
    return {"a27": x + 27, "b": [x, 27, "xyzxyzxyz"]}


def f28(x):
    return {"a28": x + 28, "b": [x, 28, "xyzxyzxyz"]}


def f29(x):
    return {"a29": x + 29, "b": [x, 29, "xyzxyzxyz"]}


def f30(x):
    return {"a30": x + 30, "b": [x, 30, "xyzxyzxyz"]}


def f31(x):
    return {"a31": x + 31, "b": [x, 31, "xyzxyzxyz"]}


def f32(x):
    return {"a32": x + 32, "b": [x, 32, "xyzxyzxyz"]}


def f33(x):
    return {"a33": x + 33, "b": [x, 33, "xyzxyzxyz"]}


def f34(x):
    return {"a34": x + 34, "b": [x, 34, "xyzxyzxyz"]}


def f35(x):
    return {"a35": x + 35, "b": [x, 35, "xyzxyzxyz"]}


def f36(x):
    return {"a36": x + 36, "b": [x, 36, "xyzxyzxyz"]}


def f37(x):
    return {"a37": x + 37, "b": [x, 37, "xyzxyzxyz"]}


def f38(x):
    return {"a38": x + 38, "b": [x, 38, "xyzxyzxyz"]}


def f39(x):
    return {"a39": x + 39, "b": [x, 39, "xyzxyzxyz"]}


def f40(x):
    return {"a40": x + 40, "b": [x, 40, "xyzxyzxyz"]}


def f41(x):
    return {"a41": x + 41, "b": [x, 41, "xyzxyzxyz"]}


def f42(x):
    return {"a42": x + 42, "b": [x, 42, "xyzxyzxyz"]}


def f43(x):
    return {"a43": x + 43, "b": [x, 43, "xyzxyzxyz"]}


def f44(x):
    return {"a44": x + 44, "b": [x, 44, "xyzxyzxyz"]}


def f45(x):
    return {"a45": x + 45, "b": [x, 45, "xyzxyzxyz"]}


def f46(x):
    return {"a46": x + 46, "b": [x, 46, "xyzxyzxyz"]}


def f47(x):
    return {"a47": x + 47, "b": [x, 47, "xyzxyzxyz"]}


def f48(x):
    return {"a48": x + 48, "b": [x, 48, "xyzxyzxyz"]}


def f49(x):
    return {"a49": x + 49, "b": [x, 49, "xyzxyzxyz"]}


def f50(x):
    return {"a50": x + 50, "b": [x, 50, "xyzxyzxyz"]}


def f51(x):
    return {"a51": x + 51, "b": [x, 51, "xyzxyzxyz"]}


def f52(x):
    return {"a52": x + 52, "b": [x, 52, "xyzxyzxyz"]}


def f53(x):
    return {"a53": x + 53, "b": [x, 53, "xyzxyzxyz"]}


def f54(x):
    return {"a54": x + 54, "b": [x, 54, "xyzxyzxyz"]}


def f55(x):
    return {"a55": x + 55, "b": [x, 55, "xyzxyzxyz"]}


def f56(x):
    return {"a56": x + 56, "b": [x, 56, "xyzxyzxyz"]}


def f57(x):
    return {"a57": x + 57, "b": [x, 57, "xyzxyzxyz"]}


def f58(x):
    return {"a58": x + 58, "b": [x, 58, "xyzxyzxyz"]}


def f59(x):
    return {"a59": x + 59, "b": [x, 59, "xyzxyzxyz"]}


def f60(x):
    return {"a60": x + 60, "b": [x, 60, "xyzxyzxyz"]}


def f61(x):
    return {"a61": x + 61, "b": [x, 61, "xyzxyzxyz"]}


def f62(x):
    return {"a62": x + 62, "b": [x, 62, "xyzxyzxyz"]}


def f63(x):
    return {"a63": x + 63, "b": [x, 63, "xyzxyzxyz"]}


def f64(x):
    return {"a64": x + 64, "b": [x, 64, "xyzxyzxyz"]}


def f65(x):
    return {"a65": x + 65, "b": [x, 65, "xyzxyzxyz"]}


def f66(x):
    return {"a66": x + 66, "b": [x, 66, "xyzxyzxyz"]}


def f67(x):
    return {"a67": x + 67, "b": [x, 67, "xyzxyzxyz"]}


def f68(x):
    return {"a68": x + 68, "b": [x, 68, "xyzxyzxyz"]}


def f69(x):
    return {"a69": x + 69, "b": [x, 69, "xyzxyzxyz"]}


def f70(x):
    return {"a70": x + 70, "b": [x, 70, "xyzxyzxyz"]}


def f71(x):
    return {"a71": x + 71, "b": [x, 71, "xyzxyzxyz"]}


def f72(x):
    return {"a72": x + 72, "b": [x, 72, "xyzxyzxyz"]}


def f73(x):
    return {"a73": x + 73, "b": [x, 73, "xyzxyzxyz"]}


def f74(x):
    return {"a74": x + 74, "b": [x, 74, "xyzxyzxyz"]}


def f75(x):
    return {"a75": x + 75, "b": [x, 75, "xyzxyzxyz"]}


def f76(x):
    return {"a76": x + 76, "b": [x, 76, "xyzxyzxyz"]}


def f77(x):
    return {"a77": x + 77, "b": [x, 77, "xyzxyzxyz"]}


def f78(x):
    return {"a78": x + 78, "b": [x, 78, "xyzxyzxyz"]}


def f79(x):
    return {"a79": x + 79, "b": [x, 79, "xyzxyzxyz"]}


def f80(x):
    return {"a80": x + 80, "b": [x, 80, "xyzxyzxyz"]}


def f81(x):
    return {"a81": x + 81, "b": [x, 81, "xyzxyzxyz"]}


def f82(x):
    return {"a82": x + 82, "b": [x, 82, "xyzxyzxyz"]}


def f83(x):
    return {"a83": x + 83, "b": [x, 83, "xyzxyzxyz"]}


def f84(x):
    return {"a84": x + 84, "b": [x, 84, "xyzxyzxyz"]}


def f85(x):
    return {"a85": x + 85, "b": [x, 85, "xyzxyzxyz"]}


def f86(x):
    return {"a86": x + 86, "b": [x, 86, "xyzxyzxyz"]}


def f87(x):
    return {"a87": x + 87, "b": [x, 87, "xyzxyzxyz"]}


def f88(x):
    return {"a88": x + 88, "b": [x, 88, "xyzxyzxyz"]}


def f89(x):
    return {"a89": x + 89, "b": [x, 89, "xyzxyzxyz"]}


def f90(x):
    return {"a90": x + 90, "b": [x, 90, "xyzxyzxyz"]}


def f91(x):
    return {"a91": x + 91, "b": [x, 91, "xyzxyzxyz"]}


def f92(x):
    return {"a92": x + 92, "b": [x, 92, "xyzxyzxyz"]}


def f93(x):
    return {"a93": x + 93, "b": [x, 93, "xyzxyzxyz"]}


def f94(x):
    return {"a94": x + 94, "b": [x, 94, "xyzxyzxyz"]}


def f95(x):
    return {"a95": x + 95, "b": [x, 95, "xyzxyzxyz"]}


def f96(x):
    return {"a96": x + 96, "b": [x, 96, "xyzxyzxyz"]}


def f97(x):
    return {"a97": x + 97, "b": [x, 97, "xyzxyzxyz"]}


def f98(x):
    return {"a98": x + 98, "b": [x, 98, "xyzxyzxyz"]}


def f99(x):
    return {"a99": x + 99, "b": [x, 99, "xyzxyzxyz"]}


def f100(x):
    return {"a100": x + 100, "b": [x, 100, "xyzxyzxyz"]}


def f101(x):
    return {"a101": x + 101, "b": [x, 101, "xyzxyzxyz"]}


def f102(x):
    return {"a102": x + 102, "b": [x, 102, "xyzxyzxyz"]}


def f103(x):
    return {"a103": x + 103, "b": [x, 103, "xyzxyzxyz"]}


def f104(x):
    return {"a104": x + 104, "b": [x, 104, "xyzxyzxyz"]}


def f105(x):
    return {"a105": x + 105, "b": [x, 105, "xyzxyzxyz"]}


def f106(x):
    return {"a106": x + 106, "b": [x, 106, "xyzxyzxyz"]}


def f107(x):
    return {"a107": x + 107, "b": [x, 107, "xyzxyzxyz"]}


def f108(x):
    return {"a108": x + 108, "b": [x, 108, "xyzxyzxyz"]}


def f109(x):
    return {"a109": x + 109, "b": [x, 109, "xyzxyzxyz"]}


def f110(x):
    return {"a110": x + 110, "b": [x, 110, "xyzxyzxyz"]}


def f111(x):
    return {"a111": x + 111, "b": [x, 111, "xyzxyzxyz"]}


def f112(x):
    return {"a112": x + 112, "b": [x, 112, "xyzxyzxyz"]}


def f113(x):
    return {"a113": x + 113, "b": [x, 113, "xyzxyzxyz"]}


def f114(x):
    return {"a114": x + 114, "b": [x, 114, "xyzxyzxyz"]}


def f115(x):
    return {"a115": x + 115, "b": [x, 115, "xyzxyzxyz"]}


def f116(x):
    return {"a116": x + 116, "b": [x, 116, "xyzxyzxyz"]}


def f117(x):
    return {"a117": x + 117, "b": [x, 117, "xyzxyzxyz"]}


def f118(x):
    return {"a118": x + 118, "b": [x, 118, "xyzxyzxyz"]}


def f119(x):
    return {"a119": x + 119, "b": [x, 119, "xyzxyzxyz"]}


def f120(x):
    return {"a120": x + 120, "b": [x, 120, "xyzxyzxyz"]}


def f121(x):
    return {"a121": x + 121, "b": [x, 121, "xyzxyzxyz"]}


def f122(x):
    return {"a122": x + 122, "b": [x, 122, "xyzxyzxyz"]}


def f123(x):
    return {"a123": x + 123, "b": [x, 123, "xyzxyzxyz"]}


def f124(x):
    return {"a124": x + 124, "b": [x, 124, "xyzxyzxyz"]}


def f125(x):
    return {"a125": x + 125, "b": [x, 125, "xyzxyzxyz"]}


def f126(x):
    return {"a126": x + 126, "b": [x, 126, "xyzxyzxyz"]}


def f127(x):
    return {"a127": x + 127, "b": [x, 127, "xyzxyzxyz"]}


def f128(x):
    return {"a128": x + 128, "b": [x, 128, "xyzxyzxyz"]}


def f129(x):
    return {"a129": x + 129, "b": [x, 129, "xyzxyzxyz"]}


def f130(x):
    return {"a130": x + 130, "b": [x, 130, "xyzxyzxyz"]}


def f131(x):
    return {"a131": x + 131, "b": [x, 131, "xyzxyzxyz"]}


def f132(x):
    return {"a132": x + 132, "b": [x, 132, "xyzxyzxyz"]}


def f133(x):
    return {"a133": x + 133, "b": [x, 133, "xyzxyzxyz"]}


def f134(x):
    return {"a134": x + 134, "b": [x, 134, "xyzxyzxyz"]}


def f135(x):
    return {"a135": x + 135, "b": [x, 135, "xyzxyzxyz"]}


def f136(x):
    return {"a136": x + 136, "b": [x, 136, "xyzxyzxyz"]}


def f137(x):
    return {"a137": x + 137, "b": [x, 137, "xyzxyzxyz"]}


def f138(x):
    return {"a138": x + 138, "b": [x, 138, "xyzxyzxyz"]}


def f139(x):
    return {"a139": x + 139, "b": [x, 139, "xyzxyzxyz"]}


def f140(x):
    return {"a140": x + 140, "b": [x, 140, "xyzxyzxyz"]}


def f141(x):
    return {"a141": x + 141, "b": [x, 141, "xyzxyzxyz"]}


def f142(x):
    return {"a142": x + 142, "b": [x, 142, "xyzxyzxyz"]}


def f143(x):
    return {"a143": x + 143, "b": [x, 143, "xyzxyzxyz"]}


def f144(x):
    return {"a144": x + 144, "b": [x, 144, "xyzxyzxyz"]}


def f145(x):
    return {"a145": x + 145, "b": [x, 145, "xyzxyzxyz"]}


def f146(x):
    return {"a146": x + 146, "b": [x, 146, "xyzxyzxyz"]}


def f147(x):
    return {"a147": x + 147, "b": [x, 147, "xyzxyzxyz"]}


def f148(x):
    return {"a148": x + 148, "b": [x, 148, "xyzxyzxyz"]}


def f149(x):
    return {"a149": x + 149, "b": [x, 149, "xyzxyzxyz"]}


def f150(x):
    return {"a150": x + 150, "b": [x, 150, "xyzxyzxyz"]}


def f151(x):
    return {"a151": x + 151, "b": [x, 151, "xyzxyzxyz"]}


def f152(x):
    return {"a152": x + 152, "b": [x, 152, "xyzxyzxyz"]}


def f153(x):
    return {"a153": x + 153, "b": [x, 153, "xyzxyzxyz"]}


def f154(x):
    return {"a154": x + 154, "b": [x, 154, "xyzxyzxyz"]}


def f155(x):
    return {"a155": x + 155, "b": [x, 155, "xyzxyzxyz"]}


def f156(x):
    return {"a156": x + 156, "b": [x, 156, "xyzxyzxyz"]}


def f157(x):
    return {"a157": x + 157, "b": [x, 157, "xyzxyzxyz"]}


def f158(x):
    return {"a158": x + 158, "b": [x, 158, "xyzxyzxyz"]}


def f159(x):
    return {"a159": x + 159, "b": [x, 159, "xyzxyzxyz"]}


def f160(x):
    return {"a160": x + 160, "b": [x, 160, "xyzxyzxyz"]}


def f161(x):
    return {"a161": x + 161, "b": [x, 161, "xyzxyzxyz"]}


def f162(x):
    return {"a162": x + 162, "b": [x, 162, "xyzxyzxyz"]}


def f163(x):
    return {"a163": x + 163, "b": [x, 163, "xyzxyzxyz"]}


def f164(x):
    return {"a164": x + 164, "b": [x, 164, "xyzxyzxyz"]}


def f165(x):
    return {"a165": x + 165, "b": [x, 165, "xyzxyzxyz"]}


def f166(x):
    return {"a166": x + 166, "b": [x, 166, "xyzxyzxyz"]}


def f167(x):
    return {"a167": x + 167, "b": [x, 167, "xyzxyzxyz"]}


def f168(x):
    return {"a168": x + 168, "b": [x, 168, "xyzxyzxyz"]}


def f169(x):
    return {"a169": x + 169, "b": [x, 169, "xyzxyzxyz"]}


def f170(x):
    return {"a170": x + 170, "b": [x, 170, "xyzxyzxyz"]}


def f171(x):
    return {"a171": x + 171, "b": [x, 171, "xyzxyzxyz"]}


def f172(x):
    return {"a172": x + 172, "b": [x, 172, "xyzxyzxyz"]}


def f173(x):
    return {"a173": x + 173, "b": [x, 173, "xyzxyzxyz"]}


def f174(x):
    return {"a174": x + 174, "b": [x, 174, "xyzxyzxyz"]}


def f175(x):
    return {"a175": x + 175, "b": [x, 175, "xyzxyzxyz"]}


def f176(x):
    return {"a176": x + 176, "b": [x, 176, "xyzxyzxyz"]}


def f177(x):
    return {"a177": x + 177, "b": [x, 177, "xyzxyzxyz"]}


def f178(x):
    return {"a178": x + 178, "b": [x, 178, "xyzxyzxyz"]}


def f179(x):
    return {"a179": x + 179, "b": [x, 179, "xyzxyzxyz"]}


def f180(x):
    return {"a180": x + 180, "b": [x, 180, "xyzxyzxyz"]}


def f181(x):
    return {"a181": x + 181, "b": [x, 181, "xyzxyzxyz"]}


def f182(x):
    return {"a182": x + 182, "b": [x, 182, "xyzxyzxyz"]}


def f183(x):
    return {"a183": x + 183, "b": [x, 183, "xyzxyzxyz"]}


def f184(x):
    return {"a184": x + 184, "b": [x, 184, "xyzxyzxyz"]}


def f185(x):
    return {"a185": x + 185, "b": [x, 185, "xyzxyzxyz"]}


def f186(x):
    return {"a186": x + 186, "b": [x, 186, "xyzxyzxyz"]}


def f187(x):
    return {"a187": x + 187, "b": [x, 187, "xyzxyzxyz"]}


def f188(x):
    return {"a188": x + 188, "b": [x, 188, "xyzxyzxyz"]}


def f189(x):
    return {"a189": x + 189, "b": [x, 189, "xyzxyzxyz"]}


def f190(x):
    return {"a190": x + 190, "b": [x, 190, "xyzxyzxyz"]}


def f191(x):
    return {"a191": x + 191, "b": [x, 191, "xyzxyzxyz"]}


def f192(x):
    return {"a192": x + 192, "b": [x, 192, "xyzxyzxyz"]}


def f193(x):
    return {"a193": x + 193, "b": [x, 193, "xyzxyzxyz"]}


def f194(x):
    return {"a194": x + 194, "b": [x, 194, "xyzxyzxyz"]}


def f195(x):
    return {"a195": x + 195, "b": [x, 195, "xyzxyzxyz"]}


def f196(x):
    return {"a196": x + 196, "b": [x, 196, "xyzxyzxyz"]}


def f197(x):
    return {"a197": x + 197, "b": [x, 197, "xyzxyzxyz"]}


def f198(x):
    return {"a198": x + 198, "b": [x, 198, "xyzxyzxyz"]}


def f199(x):
    return {"a199": x + 199, "b": [x, 199, "xyzxyzxyz"]}


def f200(x):
    return {"a200": x + 200, "b": [x, 200, "xyzxyzxyz"]}


def f201(x):
    return {"a201": x + 201, "b": [x, 201, "xyzxyzxyz"]}


def f202(x):
    return {"a202": x + 202, "b": [x, 202, "xyzxyzxyz"]}


def f203(x):
    return {"a203": x + 203, "b": [x, 203, "xyzxyzxyz"]}


def f204(x):
    return {"a204": x + 204, "b": [x, 204, "xyzxyzxyz"]}


def f205(x):
    return {"a205": x + 205, "b": [x, 205, "xyzxyzxyz"]}


def f206(x):
    return {"a206": x + 206, "b": [x, 206, "xyzxyzxyz"]}


def f207(x):
    return {"a207": x + 207, "b": [x, 207, "xyzxyzxyz"]}


def f208(x):
    return {"a208": x + 208, "b": [x, 208, "xyzxyzxyz"]}


def f209(x):
    return {"a209": x + 209, "b": [x, 209, "xyzxyzxyz"]}


def f210(x):
    return {"a210": x + 210, "b": [x, 210, "xyzxyzxyz"]}


def f211(x):
    return {"a211": x + 211, "b": [x, 211, "xyzxyzxyz"]}


def f212(x):
    return {"a212": x + 212, "b": [x, 212, "xyzxyzxyz"]}


def f213(x):
    return {"a213": x + 213, "b": [x, 213, "xyzxyzxyz"]}


def f214(x):
    return {"a214": x + 214, "b": [x, 214, "xyzxyzxyz"]}


def f215(x):
    return {"a215": x + 215, "b": [x, 215, "xyzxyzxyz"]}


def f216(x):
    return {"a216": x + 216, "b": [x, 216, "xyzxyzxyz"]}


def f217(x):
    return {"a217": x + 217, "b": [x, 217, "xyzxyzxyz"]}


def f218(x):
    return {"a218": x + 218, "b": [x, 218, "xyzxyzxyz"]}


def f219(x):
    return {"a219": x + 219, "b": [x, 219, "xyzxyzxyz"]}


def f220(x):
    return {"a220": x + 220, "b": [x, 220, "xyzxyzxyz"]}


def f221(x):
    return {"a221": x + 221, "b": [x, 221, "xyzxyzxyz"]}


def f222(x):
    return {"a222": x + 222, "b": [x, 222, "xyzxyzxyz"]}


def f223(x):
    return {"a223": x + 223, "b": [x, 223, "xyzxyzxyz"]}


def f224(x):
    return {"a224": x + 224, "b": [x, 224, "xyzxyzxyz"]}


def f225(x):
    return {"a225": x + 225, "b": [x, 225, "xyzxyzxyz"]}


def f226(x):
    return {"a226": x + 226, "b": [x, 226, "xyzxyzxyz"]}


def f227(x):
    return {"a227": x + 227, "b": [x, 227, "xyzxyzxyz"]}


def f228(x):
    return {"a228": x + 228, "b": [x, 228, "xyzxyzxyz"]}


def f229(x):
    return {"a229": x + 229, "b": [x, 229, "xyzxyzxyz"]}


def f230(x):
    return {"a230": x + 230, "b": [x, 230, "xyzxyzxyz"]}


def f231(x):
    return {"a231": x + 231, "b": [x, 231, "xyzxyzxyz"]}


def f232(x):
    return {"a232": x + 232, "b": [x, 232, "xyzxyzxyz"]}


def f233(x):
    return {"a233": x + 233, "b": [x, 233, "xyzxyzxyz"]}


def f234(x):
    return {"a234": x + 234, "b": [x, 234, "xyzxyzxyz"]}


def f235(x):
    return {"a235": x + 235, "b": [x, 235, "xyzxyzxyz"]}


def f236(x):
    return {"a236": x + 236, "b": [x, 236, "xyzxyzxyz"]}


def f237(x):
    return {"a237": x + 237, "b": [x, 237, "xyzxyzxyz"]}


def f238(x):
    return {"a238": x + 238, "b": [x, 238, "xyzxyzxyz"]}


def f239(x):
    return {"a239": x + 239, "b": [x, 239, "xyzxyzxyz"]}


def f240(x):
    return {"a240": x + 240, "b": [x, 240, "xyzxyzxyz"]}


def f241(x):
    return {"a241": x + 241, "b": [x, 241, "xyzxyzxyz"]}


def f242(x):
    return {"a242": x + 242, "b": [x, 242, "xyzxyzxyz"]}


def f243(x):
    return {"a243": x + 243, "b": [x, 243, "xyzxyzxyz"]}


def f244(x):
    return {"a244": x + 244, "b": [x, 244, "xyzxyzxyz"]}


def f245(x):
    return {"a245": x + 245, "b": [x, 245, "xyzxyzxyz"]}


def f246(x):
    return {"a246": x + 246, "b": [x, 246, "xyzxyzxyz"]}


def f247(x):
    return {"a247": x + 247, "b": [x, 247, "xyzxyzxyz"]}


def f248(x):
    return {"a248": x + 248, "b": [x, 248, "xyzxyzxyz"]}


def f249(x):
    return {"a249": x + 249, "b": [x, 249, "xyzxyzxyz"]}


def f250(x):
    return {"a250": x + 250, "b": [x, 250, "xyzxyzxyz"]}


def f251(x):
    return {"a251": x + 251, "b": [x, 251, "xyzxyzxyz"]}


def f252(x):
    return {"a252": x + 252, "b": [x, 252, "xyzxyzxyz"]}


def f253(x):
    return {"a253": x + 253, "b": [x, 253, "xyzxyzxyz"]}


def f254(x):
    return {"a254": x + 254, "b": [x, 254, "xyzxyzxyz"]}


def f255(x):
    return {"a255": x + 255, "b": [x, 255, "xyzxyzxyz"]}


def f256(x):
    return {"a256": x + 256, "b": [x, 256, "xyzxyzxyz"]}


def f257(x):
    return {"a257": x + 257, "b": [x, 257, "xyzxyzxyz"]}


def f258(x):
    return {"a258": x + 258, "b": [x, 258, "xyzxyzxyz"]}


def f259(x):
    return {"a259": x + 259, "b": [x, 259, "xyzxyzxyz"]}


def f260(x):
    return {"a260": x + 260, "b": [x, 260, "xyzxyzxyz"]}


def f261(x):
    return {"a261": x + 261, "b": [x, 261, "xyzxyzxyz"]}


def f262(x):
    return {"a262": x + 262, "b": [x, 262, "xyzxyzxyz"]}


def f263(x):
    return {"a263": x + 263, "b": [x, 263, "xyzxyzxyz"]}


def f264(x):
    return {"a264": x + 264, "b": [x, 264, "xyzxyzxyz"]}


def f265(x):
    return {"a265": x + 265, "b": [x, 265, "xyzxyzxyz"]}


def f266(x):
    return {"a266": x + 266, "b": [x, 266, "xyzxyzxyz"]}


def f267(x):
    return {"a267": x + 267, "b": [x, 267, "xyzxyzxyz"]}


def f268(x):
    return {"a268": x + 268, "b": [x, 268, "xyzxyzxyz"]}


def f269(x):
    return {"a269": x + 269, "b": [x, 269, "xyzxyzxyz"]}


def f270(x):
    return {"a270": x + 270, "b": [x, 270, "xyzxyzxyz"]}


def f271(x):
    return {"a271": x + 271, "b": [x, 271, "xyzxyzxyz"]}


def f272(x):
    return {"a272": x + 272, "b": [x, 272, "xyzxyzxyz"]}


def f273(x):
    return {"a273": x + 273, "b": [x, 273, "xyzxyzxyz"]}


def f274(x):
    return {"a274": x + 274, "b": [x, 274, "xyzxyzxyz"]}


def f275(x):
    return {"a275": x + 275, "b": [x, 275, "xyzxyzxyz"]}


def f276(x):
    return {"a276": x + 276, "b": [x, 276, "xyzxyzxyz"]}


def f277(x):
    return {"a277": x + 277, "b": [x, 277, "xyzxyzxyz"]}


def f278(x):
    return {"a278": x + 278, "b": [x, 278, "xyzxyzxyz"]}


def f279(x):
    return {"a279": x + 279, "b": [x, 279, "xyzxyzxyz"]}


def f280(x):
    return {"a280": x + 280, "b": [x, 280, "xyzxyzxyz"]}


def f281(x):
    return {"a281": x + 281, "b": [x, 281, "xyzxyzxyz"]}


def f282(x):
    return {"a282": x + 282, "b": [x, 282, "xyzxyzxyz"]}


def f283(x):
    return {"a283": x + 283, "b": [x, 283, "xyzxyzxyz"]}


def f284(x):
    return {"a284": x + 284, "b": [x, 284, "xyzxyzxyz"]}


def f285(x):
    return {"a285": x + 285, "b": [x, 285, "xyzxyzxyz"]}


def f286(x):
    return {"a286": x + 286, "b": [x, 286, "xyzxyzxyz"]}


def f287(x):
    return {"a287": x + 287, "b": [x, 287, "xyzxyzxyz"]}


def f288(x):
    return {"a288": x + 288, "b": [x, 288, "xyzxyzxyz"]}


def f289(x):
    return {"a289": x + 289, "b": [x, 289, "xyzxyzxyz"]}


def f290(x):
    return {"a290": x + 290, "b": [x, 290, "xyzxyzxyz"]}


def f291(x):
    return {"a291": x + 291, "b": [x, 291, "xyzxyzxyz"]}


def f292(x):
    return {"a292": x + 292, "b": [x, 292, "xyzxyzxyz"]}


def f293(x):
    return {"a293": x + 293, "b": [x, 293, "xyzxyzxyz"]}


def f294(x):
    return {"a294": x + 294, "b": [x, 294, "xyzxyzxyz"]}


def f295(x):
    return {"a295": x + 295, "b": [x, 295, "xyzxyzxyz"]}


def f296(x):
    return {"a296": x + 296, "b": [x, 296, "xyzxyzxyz"]}


def f297(x):
    return {"a297": x + 297, "b": [x, 297, "xyzxyzxyz"]}


def f298(x):
    return {"a298": x + 298, "b": [x, 298, "xyzxyzxyz"]}


def f299(x):
    return {"a299": x + 299, "b": [x, 299, "xyzxyzxyz"]}



/** One key of each curve as older DID documents encode it, made with noble-curves and multiformats. */
export const K256_LEGACY = {
  type: "EcdsaSecp256k1VerificationKey2019",
  /** Compressed and uncompressed point, without multicodec prefix. */
  forms: [
    "zhC7enqTCMew487KABYfZ4yW1Gi1W99Wk1bQwPRJZiiy9",
    "zPBCpnc6JTDm4KynSEMXEnVtthF8K361utpwYH8PnpQ4Z4DmKDXre7R2od9fHn6sCczhVTsLis26PQkCCSSX94Lrh",
  ],
  didKey: "did:key:zQ3shT9GfdyvfgJ9wNCzaZdYbtZsSvUCURhZGwXAjgkygwCps",
};
export const P256_LEGACY = {
  type: "EcdsaSecp256r1VerificationKey2019",
  /** Compressed and uncompressed point, without multicodec prefix. */
  forms: [
    "zvtFJBuapiUgZGTz5hbmpURnNmcMeHQunRT4yHp2jjmRG",
    "zN8Fa47pNyUqLPLkGCsLaxC5yg862Bh1H3RdrGtSipMN6QKhuz9VN7w6i8NyxeRUcjroJbtoZcuyEGmbV1n995FdU",
  ],
  didKey: "did:key:zDnaejrabpwQVSxE1tdJja7tC8kCcpRUn3nRvNJNQrdcf7YUN",
};

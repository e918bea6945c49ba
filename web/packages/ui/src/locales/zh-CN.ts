export default {
  app: { skip: "跳到正文", language: "语言", more: "更多", back: "返回", close: "关闭" },
};

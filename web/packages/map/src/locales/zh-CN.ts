import { gridZhCN } from "./grid.zh-CN";

/** Texts of the map, merged into each face's messages. */
export const mapZhCN = {
  ...gridZhCN,
  map: {
    label: "地图",
    hint: "方向键移动地图，加减键缩放。",
    loading: "正在载入地图…",
    failed: "地图暂时打不开",
    failed_hint: "请检查网络后重试，也可以使用列表。",
    unsupported: "这台设备不能绘制地图",
    unsupported_hint: "浏览器不支持 WebGL 2，请使用列表。",
    retry: "重试",
    zoom_in: "放大",
    zoom_out: "缩小",
    locate: "定位到我的位置",
    locating: "正在定位…",
    locate_denied: "没有定位权限，请在浏览器设置中允许。",
    locate_failed: "无法确定您的位置。",
    home: "回到全市",
    as_list: "用列表查看",
    as_map: "回到地图",
    list_label: "地图内容列表",
    pick_centre: "选取地图中心点",
    attribution: "底图：{city} · 坐标 CGCS2000",
    grid_level: "北斗网格 第 {level} 级 · 约 {width}",
    metres: "{n} 米",
    kilometres: "{n} 公里",
  },
};

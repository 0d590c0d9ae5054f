"""Kanji that are written in several shapes in names, folded to the common one; for keys only, never for what is kept.

NFKC leaves these alone (髙 U+9AD9, 﨑 U+FA11, 𠮷 U+20BB7 …). Folding 齋 and 齊 with 斎 to 斉 is a judgement: they are different
characters in law, but people mistake them daily, and a key only proposes.
"""

# Each group opens with the shape the others are folded to.
_GROUPS = (
    "高髙 崎﨑嵜碕 浜濱濵 辺邊邉 吉𠮷 斉斎齋齊 沢澤 広廣 国國 学學 会會 徳德 島嶋嶌 桜櫻 桧檜 竜龍 滝瀧 浅淺 条條 関關 塩鹽 "
    "黒黑 黄黃 青靑 清淸 静靜 真眞 槙槇 慎愼 鎮鎭 顔顏 彦彥 恵惠 栄榮 営營 蛍螢 円圓 応應 桑桒 館舘 気氣 経經 "
    "芸藝 県縣 剣劍劔 験驗 倹儉 鉱鑛 号號 済濟 剤劑 参參 蚕蠶 賛贊 実實 写寫 寿壽 収收 従從 渋澁 粛肅 処處 奨奬 将將 焼燒 "
    "証證 乗乘 浄淨 縄繩 譲讓 醸釀 触觸 寝寢 尽盡 図圖 随隨 数數 瀬瀨 声聲 摂攝 専專 銭錢 繊纖 禅禪 壮壯 総總 蔵藏 臓臟 "
    "荘莊 帯帶 体體 台臺 択擇 担擔 団團 弾彈 遅遲 昼晝 虫蟲 鋳鑄 庁廳 聴聽 鉄鐵 転轉 点點 伝傳 灯燈 当當 党黨 稲稻 闘鬪 "
    "独獨 読讀 弐貳 悩惱 脳腦 廃廢 売賣 麦麥 発發 抜拔 蛮蠻 秘祕 仏佛 払拂 並竝 変變 弁辨瓣辯 宝寶寳 豊豐 万萬 満滿 薬藥 "
    "与與 予豫 誉譽 余餘 様樣 頼賴 乱亂 覧覽 両兩 猟獵 緑綠 塁壘 礼禮 霊靈 齢齡 暦曆 歴歷 恋戀 錬鍊 労勞 楼樓 録錄 "
    "湾灣 亜亞 悪惡 圧壓 囲圍 医醫 為爲 壱壹 隠隱 衛衞 駅驛 奥奧 横橫 欧歐 温溫 仮假 価價 画畫 拡擴 覚覺 岳嶽 楽樂 "
    "巻卷 勧勸 観觀 帰歸 亀龜 旧舊 挙擧 強强 教敎 暁曉 勲勳 薫薰 渓溪 継繼 茎莖 鶏鷄 欠缺 研硏 検檢 権權 献獻 険險 厳嚴 "
    "効效 恒恆 鴎鷗 祇祗 鶴靏靍 崖崕 峰峯 富冨 裏裡 杉杦 梅楳 柳栁 船舩 涼凉 曽曾 曹曺"
)

VARIANTS = {ord(other): group[0] for group in _GROUPS.split() for other in group[1:] if other != group[0]}
"""For `str.translate`: each other shape to its common one."""
